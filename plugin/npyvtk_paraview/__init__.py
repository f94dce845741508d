"""What runs on ParaView's side beside the proxies of ``NumPyIO.py``.

``client``         what the watchers on the client share
``first_look``     how a file is shown when it is opened: representation, colours, camera
``proxies_xml``    the XML of the proxies: their properties, as the panel and scripts see them
``server_memory``  how much memory the server may use
``unset_arrays``   keeps the list of arrays unset until somebody chooses

With ``NumPyIO.py`` this is the only code that may import ``paraview``; nothing in ``npyvtk`` imports it.
"""

"""What the proxies of ``NumPyIO.py`` do on ParaView's side, and what runs beside them.

``algorithm``      what the reader and the writers share: how they tell the user how they get on
``array_list``     a list of arrays in which the user ticks some
``choices``        the table of the reader's properties that are options of reading
``client``         what the watchers on the client share
``first_look``     how a file is shown when it is opened: representation, colours, camera
``property_xml``   the XML of a property of each kind
``proxies_xml``    the XML of the proxies: their properties, as the panel and scripts see them
``ranks``          which ranks work together, and how all fail where one does
``reader``         the reader: properties become options, requests calls, errors one line
``server_memory``  how much memory the server may use
``unset_arrays``   keeps the list of arrays unset until somebody chooses
``writers``        the writers, and the inner part of the extractor

With ``NumPyIO.py`` this is the only code that may import ``paraview``; nothing in ``npyvtk`` imports it.
"""

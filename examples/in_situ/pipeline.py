"""The Catalyst script of ``in_situ.py``: what ParaView does whenever the simulation hands over its data.

Such a script usually comes from ParaView's window: File > Save Catalyst State.
"""

import os

from paraview import catalyst, simple

here = os.path.dirname(os.path.abspath(catalyst.get_script_filename()))
plugin = os.path.join(os.path.dirname(os.path.dirname(here)), "plugin", "NumPyIO.py")
simple.LoadPlugin(plugin, remote=False, ns=vars(simple))

# "heat" is the name under which the simulation hands over its grid.
heat = simple.TrivialProducer(registrationName="heat")

everything = simple.CreateExtractor("NumPy", heat, registrationName="everything")
everything.Trigger = "Time Step" if "Time Step" in everything.GetProperty("Trigger").Available else "TimeStep"
everything.Trigger.Frequency = 5
everything.Writer.FileName = "heat_{timestep:04d}.npz"

hot = simple.Contour(Input=heat, ContourBy=["POINTS", "temperature"], Isosurfaces=[0.2])
surface = simple.CreateExtractor("NumPy", hot, registrationName="surface")
surface.Writer.FileName = "hot_{timestep:04d}.npz"

options = catalyst.Options()
options.ExtractsOutputDirectory = os.environ["IN_SITU_RESULTS"]

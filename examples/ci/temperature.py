# ruff: noqa: F403, F405 -- as ParaView writes it
# What File > Save State wrote as Python, less what is so without a word.
from paraview.simple import *

view = CreateView("RenderView", registrationName="RenderView1")
view.ViewSize = [320, 240]
view.UseColorPaletteForBackground = 0
view.Background = [1.0, 1.0, 1.0]
view.OrientationAxesVisibility = 0

temperature = NumPyReader(registrationName="temperature.npy", FileNames=["/home/me/data/temperature.npy"])
temperature.Spacing = [1.0, 1.0, 2.0]

kelvin = Calculator(registrationName="kelvin", Input=temperature)
kelvin.ResultArrayName = "kelvin"
kelvin.Function = "temperature + 273.15"

display = Show(kelvin, view)
display.Representation = "Slice"
display.Slice = 6
ColorBy(display, ("POINTS", "kelvin"))
GetColorTransferFunction("kelvin").RescaleTransferFunction(293.15, 353.15)

view.ResetCamera()

"""ParaView's real window on a virtual screen, driven with the keyboard as a person would.

Needs Xvfb, xdotool, ImageMagick and openbox.  The user's own ParaView settings are neither read nor
written: HOME is a folder of the test.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from xml.sax.saxutils import quoteattr

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
PLUGIN = os.path.join(os.path.dirname(os.path.dirname(HERE)), "plugin", "NumPyIO.py")
WIDTH, HEIGHT = 1280, 900
VIEW = 704, 400, 460, 200  # width, height, left and top of a part of the view that the legend leaves free
PATIENCE = 180  # seconds for each wait; software rendering on a busy machine is slow
AGAIN = 20  # seconds until what had no effect is done again


def find_paraview():
    """Return the path of the paraview that belongs to PVPYTHON, or of the one on the PATH."""
    folder, name = os.path.split(shutil.which(os.environ.get("PVPYTHON", "pvpython")) or "")
    return shutil.which(name.replace("pvpython", "paraview"), path=folder) or shutil.which("paraview")


class Screen:
    """A private X server with a window manager."""

    def __init__(self, log):
        self._log = log
        self._processes = []
        read, write = os.pipe()
        size = f"{WIDTH}x{HEIGHT}x24"
        # Without -noreset the server starts anew when its last client leaves, and may turn ParaView away; -r: no key
        # repeats itself when its release comes late.
        command = ["Xvfb", "-displayfd", str(write), "-screen", "0", size, "-nolisten", "tcp", "-noreset", "-r"]
        self.environment = dict(os.environ, QT_QPA_PLATFORM="xcb")
        self.environment.pop("WAYLAND_DISPLAY", None)
        self.start(command, pass_fds=(write,))
        os.close(write)
        with os.fdopen(read) as file:
            self.environment["DISPLAY"] = ":" + file.readline().strip()
        self._manage()

    def _manage(self):
        """Start the window manager; the X server may turn away its first tries."""
        for _ in range(10):
            manager = self.start(["openbox"])
            for _ in range(20):
                time.sleep(0.1)
                if manager.poll() is not None:
                    break
                if self.run("xdotool", "get_desktop", check=False).strip():
                    return
        message = "no window manager comes up"
        raise AssertionError(message)

    def start(self, command, environment=None, **more):
        process = subprocess.Popen(
            command,
            env=environment or self.environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
            **more,
        )
        self._processes.append(process)
        return process

    def run(self, *command, check=True):
        """Return what a command on this screen prints."""
        return subprocess.run(
            command, env=self.environment, check=check, capture_output=True, text=True, timeout=PATIENCE
        ).stdout

    def window(self, title):
        """Return the id of the visible window whose title matches, or None."""
        found = self.run("xdotool", "search", "--onlyvisible", "--name", title, check=False).split()
        return found[0] if found else None

    def titles(self):
        found = self.run("xdotool", "search", "--onlyvisible", "--name", ".+", check=False).split()
        return [self.run("xdotool", "getwindowname", window, check=False).strip() for window in found]

    def close(self):
        for process in reversed(self._processes):
            for kind in (signal.SIGTERM, signal.SIGKILL):
                if process.poll() is None:
                    os.killpg(process.pid, kind)
                    try:
                        process.wait(5)
                    except subprocess.TimeoutExpired:
                        continue


def wait(what, condition, patience=PATIENCE, alive=lambda: None, again=lambda: None):
    """Return the first true value of ``condition()``; AssertionError when it does not come.

    ``again()`` is called now and then, as a person tries once more.
    """
    begin = time.monotonic()
    tries = 0
    while not (value := condition()):
        alive()
        passed = time.monotonic() - begin
        assert passed < patience, f"waited in vain for {what}"
        if passed > (tries + 1) * AGAIN:
            tries += 1
            again()
        time.sleep(0.15)
    return value


class Window:
    """One ParaView with the plugin.

    Parameters
    ----------
    folder : a folder for HOME, the log and the state
    pictures : the folder for screenshots
    options : more words for ParaView's command line
    plugin : whether ParaView loads the plugin at its start
    settings : whether ParaView keeps its settings, as it does for a person, and so what it loads by itself

    """

    def __init__(self, folder, pictures, options=(), *, plugin=True, settings=False):
        self._folder = str(folder)
        self._pictures = str(pictures)
        self._state = os.path.join(self._folder, "state.json")
        self._log_path = os.path.join(self._folder, "log.txt")
        self._log = open(self._log_path, "w", encoding="utf-8")  # noqa: SIM115 -- closed in close()
        self._screen = Screen(self._log)
        plugins = os.path.join(self._folder, "plugins.xml")
        entry = f'<Plugin name="NumPyIO" filename={quoteattr(PLUGIN)} auto_load="1"/>' if plugin else ""
        with open(plugins, "w", encoding="utf-8") as file:
            file.write(f"<Plugins>{entry}</Plugins>")
        runtime = os.path.join(self._folder, "run")
        os.makedirs(runtime, mode=0o700)
        self._environment = dict(
            self._screen.environment,
            HOME=self._folder,
            XDG_CONFIG_HOME=os.path.join(self._folder, "config"),
            XDG_RUNTIME_DIR=runtime,
            LC_ALL="C.UTF-8",
            LIBGL_ALWAYS_SOFTWARE="1",
            PV_PLUGIN_CONFIG_FILE=plugins,
            NUMPYIO_GUI_STATE=self._state,
        )
        self._options = list(options)
        self._settings = settings
        self._background = None  # of the view
        self._spent = None  # processor time of ParaView when it was last asked
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self):
        """Start ParaView; once more, after quit()."""
        if os.path.exists(self._state):
            os.remove(self._state)
        command = [find_paraview(), "--script=" + os.path.join(HERE, "inside.py"), *self._options]
        if not self._settings:
            command.append("--dr")  # and so without the welcome window, too
        self._paraview = self._screen.start(command, self._environment)
        self._main = self.wait("ParaView's window", lambda: self._screen.window("^ParaView"))
        # The script is the last thing but one that ParaView starts with.
        self.wait("the end of the start", lambda: os.path.exists(self._state))
        if self._settings:
            welcome = self.wait("the welcome window", lambda: self._screen.window("^Welcome"))
            self._focus(welcome)
            self.keys("Escape")
            self.wait("the end of the welcome", lambda: not self._screen.window("^Welcome"))
        self._xdotool("windowmove", self._main, "0", "0")
        self._xdotool("windowsize", self._main, str(WIDTH - 2), str(HEIGHT - 25))
        self.wait("the first picture", self._settled)
        self._focus(self._main)
        self.seen()

    def close(self):
        self._screen.close()
        self._log.close()

    # --- looking ---

    def log(self):
        with open(self._log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def state(self):
        """Return what inside.py wrote last."""
        with open(self._state, encoding="utf-8") as file:
            state = json.load(file)
        assert "fault" not in state, state["fault"]
        return state

    def errors(self):
        """Return what stands in Output Messages, less what Qt says of screens, signals and icons."""
        said = [text for kind, text in self.state()["messages"] if kind in ("error", "warning")]
        return [text for text in said if "In unknown, line 0" not in text and "XCB error" not in text]

    def wait(self, what, condition, patience=PATIENCE, again=lambda: None):
        def alive():
            ended = self._paraview.poll()
            assert ended is None, f"ParaView ended ({ended}) before {what}:\n{self.log()[-2000:]}"

        try:
            return wait(what, condition, patience, alive, again)
        except AssertionError as error:
            self.picture("failed")
            raise AssertionError(f"{error}; windows: {self._screen.titles()}; log: {self.log()[-2000:]}") from None

    def picture(self, name):
        """Take a screenshot; return its path."""
        path = os.path.join(self._pictures, name + ".png")
        self._screen.run("import", "-window", "root", path)
        return path

    def colours(self):
        """Count the colours in the middle of the view: 1 or 2 are the background alone."""
        path = self.picture("view")
        crop = f"{int(WIDTH * 0.55)}x{int(HEIGHT * 0.35)}+{int(WIDTH * 0.36)}+{int(HEIGHT * 0.26)}"
        out = self._screen.run("convert", path, "-crop", crop, "+repage", "-format", "%k", "info:")
        os.remove(path)
        return int(out)

    def seen(self):
        """Return how many colours the middle of the view has beside the background, and which part they cover."""
        crop = f"{VIEW[0]}x{VIEW[1]}+{VIEW[2]}+{VIEW[3]}"
        command = ["import", "-window", "root", "-crop", crop, "-depth", "8", "rgb:-"]
        taken = subprocess.run(command, env=self._screen.environment, check=True, capture_output=True, timeout=PATIENCE)
        pixels = np.frombuffer(taken.stdout, np.uint8).reshape(-1, 3).astype(np.uint32)
        colours, counts = np.unique(pixels @ np.array([1 << 16, 1 << 8, 1], np.uint32), return_counts=True)
        if self._background is None:
            self._background = colours[counts.argmax()]
        other = colours != self._background
        return int(other.sum()), float(counts[other].sum() / counts.sum())

    def _settled(self, quiet=0.8):
        """Tell whether the view is drawn and ParaView waits, which on a busy machine is more than that it is quiet."""
        state = self.state()
        return self._waits() and state["renders"] and time.time() - state["last_render"] > quiet

    def _waits(self):
        """Tell whether ParaView's window sleeps, and has done nothing since this was last asked; see proc(5)."""
        with open(f"/proc/{self._paraview.pid}/stat", encoding="utf-8") as file:
            state, *numbers = file.read().rpartition(")")[2].split()
        before, self._spent = self._spent, int(numbers[10]) + int(numbers[11])
        return state == "S" and self._spent == before

    # --- acting ---

    def _xdotool(self, *arguments):
        return self._screen.run("xdotool", *arguments, check=False)

    def _click(self, window, across, down):
        """Click at a place given as fractions of the window's size."""
        shape = self._xdotool("getwindowgeometry", "--shell", window)
        width, height = (int(n) for n in re.findall(r"(?:WIDTH|HEIGHT)=(\d+)", shape))
        self._xdotool("mousemove", "--window", window, str(int(width * across)), str(int(height * down)), "click", "1")

    def _focus(self, window):
        self._xdotool("windowactivate", window)
        self.wait("the keyboard focus", lambda: self._xdotool("getwindowfocus").strip() == window)

    def _pause(self, seconds=0):
        """Let ParaView work off what was pressed, and what it does in the background; then pause."""
        time.sleep(0.3)
        self._spent = None
        self.wait("ParaView to be ready", self._waits)
        time.sleep(seconds)

    def keys(self, *names):
        self._xdotool("key", "--clearmodifiers", "--delay", "40", *names)

    def _act(self, what, condition, act):
        """Do something in the main window until something comes of it; return what ``condition()`` then is.

        What is pressed while ParaView shows progress is lost (pqProgressManager::eventFilter), and nothing tells
        when that ends.
        """

        def with_keyboard():
            self._focus(self._main)
            act()

        with_keyboard()
        return self.wait(what, condition, again=with_keyboard)

    def _press(self, what, condition, *names):
        return self._act(what, condition, lambda: self.keys(*names))

    def _dialog(self, what, title, act):
        """Do what opens a dialog; return the dialog, which has the keyboard."""
        dialog = self._act(what, lambda: self._screen.window(title), act)
        self._focus(dialog)
        return dialog

    def _confirm(self, dialog, what, condition):
        """Press Return in a dialog; return what ``condition()`` then is."""

        def again():
            if self._xdotool("getwindowfocus").strip() == dialog:
                self.keys("Return")

        self.keys("Return")
        return self.wait(what, condition, again=again)

    def type(self, text):
        self._xdotool("type", "--clearmodifiers", "--delay", "12", text)

    def point(self, x, y, *, click=False):
        """Move the pointer to a place of the screen, in pixels."""
        self._xdotool("mousemove", str(x), str(y), *(["click", "1"] if click else []))

    def drag(self, x, y, right, down):
        """Drag with the left button, in steps as a hand does."""
        self._xdotool("mousemove", str(x), str(y), "mousedown", "1")
        for step in range(1, 11):
            self._xdotool("mousemove", str(x + right * step // 10), str(y + down * step // 10))
            time.sleep(0.1)
        self._xdotool("mouseup", "1")

    def load_plugin(self, *, always=False):
        """Tools > Manage Plugins > Load New; `always`: tick its Auto Load."""

        def from_menu():
            self.keys("Escape", "alt+t")
            self._pause(0.3)
            self.keys("Down", "Down", "Down", "Return")

        manager = self._dialog("the Plugin Manager", "^Plugin Manager", from_menu)

        def load_new():
            self._click(manager, 0.084, 0.888)

        load_new()
        dialog = self.wait("the dialog for plugins", lambda: self._screen.window("^Load Plugin"), again=load_new)
        self._focus(dialog)
        self.type(PLUGIN)
        self._pause()
        self._confirm(dialog, "the plugin to be loaded", lambda: "NumPyIO" in self.state()["plugins"])
        self._pause()
        if always:
            self._focus(manager)
            self._click(manager, 0.2, 0.5)
            self.type("NumPyIO")
            self._pause(1)  # or the next letters continue this name
            self.keys("Right")
            self.type("Auto Load")
            self._pause(1)
            # The box is in the second column, at another place in each version; a click beside it takes the keyboard
            # to its cell.
            self.point(*self._highlighted(manager), click=True)
            self.keys("space")
            self._pause()
        self.picture("1-plugin-manager")
        self._focus(manager)
        self.keys("Escape")
        self.wait("the end of the Plugin Manager", lambda: not self._screen.window("^Plugin Manager"))

    def _highlighted(self, window):
        """Return x and y, on the screen, of the highlighted row of a list, at the list's right end."""
        shape = self._xdotool("getwindowgeometry", "--shell", window)
        place = {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", shape)}
        x, y = place["X"] + int(place["WIDTH"] * 0.9), place["Y"]
        path = self.picture("list")
        crop = f"1x{place['HEIGHT']}+{x}+{y}"
        column = self._screen.run("convert", path, "-crop", crop, "+repage", "-depth", "8", "txt:")
        os.remove(path)
        pixels = re.findall(r"^0,(\d+): \S+ +#(..)(..)(..)", column, re.MULTILINE)
        blue = [int(row) for row, *rgb in pixels if int(rgb[2], 16) - int(rgb[0], 16) > 100]
        assert blue, "no row is highlighted"
        return x, y + blue[len(blue) // 2]

    def open(self, path):
        """File > Open; ``NAME_..npy`` opens the group of files of that name.  Return the new entry's name."""
        before = set(self.state()["sources"])
        dialog = self._dialog("the Open File dialog", "^Open File", lambda: self.keys("ctrl+o"))
        folder, name = os.path.split(str(path))
        if ".." in name:
            # The name of a group cannot be typed as a path: go to its folder and pick its row.
            self.type(folder + "/")
            self.keys("Return")
            self._pause(0.3)
            self._click(dialog, 0.6, 0.6)
            self.type(name)
        else:
            self.type(str(path))
        self._pause()  # the dialog completes names in the background
        self.picture(f"{name}-1-open")
        new = self._confirm(dialog, f"{name} in the pipeline", lambda: set(self.state()["sources"]) - before)
        self._pause()
        return new.pop()

    def change_file(self, path):
        """Change File, from the menu of the only entry.  Return the new entry's name."""
        before = set(self.state()["sources"])

        def from_menu():
            self.keys("Escape")
            self._xdotool("mousemove", "70", "262", "click", "3")
            self._pause(0.3)
            # From the bottom: the entries above it differ between versions, and those that are disabled do not count.
            self.keys("Up", "Up", "Up", "Return")

        dialog = self._dialog("the dialog for another file", "^Open File|multiple files", from_menu)
        self.type(str(path))
        self._pause()
        new = self._confirm(dialog, f"{path} in the pipeline", lambda: set(self.state()["sources"]) - before)
        self.wait("the old one to leave", lambda: not before & set(self.state()["sources"]))
        self.wait("the new picture", self._settled)
        return new.pop()

    def apply(self, entry, until=None):
        """Press Apply, and wait for ``until()``: that the entry is drawn, unless told."""
        before = self.state()["renders"]

        def drawn():
            return self.state()["renders"] > before and self._settled() and self.state()["sources"][entry]["shown"]

        self._press(f"{entry} after Apply", until or drawn, "alt+a")

    def delete(self, entry):
        """Press Delete in the panel, which takes the entry away."""
        self._press(f"{entry} to leave", lambda: entry not in self.state()["sources"], "alt+d")
        self.wait("the empty picture", self._settled)

    def reload(self):
        """File > Reload Files, of the existing file, until the view has changed."""
        before = self.state()["renders"]
        self._dialog("the question of new files", "^Reload Options", lambda: self.keys("F5"))
        self.keys("Tab", "Return")
        self.wait("the end of the question", lambda: not self._screen.window("^Reload Options"))
        self.wait("the picture of the file", lambda: self.state()["renders"] > before and self._settled())

    def undo(self):
        self._step("the undone step", "ctrl+z")

    def redo(self):
        self._step("the step that is done again", "ctrl+shift+z", "ctrl+y")  # each ParaView knows one of them

    def _step(self, what, *keys):
        before = self.state()["renders"]
        self._press(what, lambda: self.state()["renders"] > before, *keys)
        self.wait("its picture", self._settled)

    def save(self, path, *keys, kind="", written=None):
        """File > Save Data to `path`, pressing `keys` in the options dialog before Return.

        `kind` is the beginning of the type to choose, `written` the file that comes of it where that has another
        name.
        """
        written = written or path
        dialog = self._dialog("the Save File dialog", "^Save File", lambda: self.keys("ctrl+s"))
        self.type(str(path))
        self._pause()
        if kind:
            self.keys("Tab")
            self.type(kind)
            self.picture(f"{os.path.basename(str(path))}-kind")
            self.keys("Return")  # the blank in it has opened the list
        options = self._confirm(
            dialog,
            "the options of the writer",
            lambda: self._screen.window("^Configure Writer") or os.path.exists(written),
        )
        if options is not True:
            self._focus(options)
            self.picture(f"{os.path.basename(str(path))}-options")
            for key in keys:
                self.keys(key)
            self.keys("Return")
        self.wait(f"{written} to be written", lambda: os.path.exists(written) and os.path.getsize(written))
        self._pause()

    def quit(self):
        """Leave by the keyboard, and see that ParaView ends well."""
        self._pause()
        self._focus(self._main)
        self.keys("ctrl+q")
        assert self._paraview.wait(PATIENCE) == 0

# Copyright Spack Project Developers. See COPYRIGHT file for details.
#
# SPDX-License-Identifier: (Apache-2.0 OR MIT)

from spack_repo.builtin.build_systems.python import PythonPackage

from spack.package import *


class PyParaviewNumpyio(PythonPackage):
    """Open NumPy .npy and .npz files in ParaView and VTK, and save any dataset back."""

    pypi = "paraview-numpyio/paraview_numpyio-1.0.0.tar.gz"

    license("BSD-3-Clause", checked_by="")

    # The sum of the release's .tar.gz.
    version("1.0.0", sha256="0000000000000000000000000000000000000000000000000000000000000000")

    variant("paraview", default=False, description="Let Spack's ParaView load the plugin by itself")

    depends_on("python@3.9:", type=("build", "run"))
    depends_on("py-setuptools@77:", type="build")
    depends_on("py-numpy@1.21:", type=("build", "run"))
    # ParaView has a VTK of its own, beside which there must be no other.
    depends_on("vtk@9.2: +python", type=("build", "run"), when="~paraview")
    depends_on("paraview@5.11: +python", type="run", when="+paraview")

    def setup_run_environment(self, env):
        if self.spec.satisfies("+paraview"):
            site_packages = self.prefix.join(self.spec["python"].package.purelib)
            env.prepend_path("PV_PLUGIN_PATH", site_packages.join("npyvtk_plugin"))

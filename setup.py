"""What pyproject.toml cannot say: templates/ and baselines/ of the top level are installed inside the package agent."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["agent", "agent.*"]), "agent.templates", "agent.baselines"],
    package_dir={"agent.templates": "templates", "agent.baselines": "baselines"},
    package_data={
        "": ["*.j2"],
        "agent.desk": ["pages/*"],
        "agent.report": ["pages/*"],
        "agent.templates": ["moves/*.toml"],
        "agent.baselines": ["*.csv", "*/*.csv", "*/*.py"],
    },
)

"""The commands of ``winnow``: one module each, or one per group of commands. A module is found by being here; nothing lists it.

The name of the module is the name of the command (``what_if.py`` is ``winnow what-if``). The module defines ``command``: a function, whose signature and
docstring are the command's options and help, or a ``cyclopts.App`` for a group. ``PANEL`` names the part of ``winnow --help`` where it stands. A command
returns its exit status, or None for 0; it raises BadInput for what the user can put right. Heavy imports belong inside the function: ``winnow --help``
imports every module here.
"""

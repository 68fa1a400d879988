"""Settings of Sphinx for the site; build.py puts the sources together and runs it."""

project = "Gramian"
author = "The Gramian authors"
extensions = ["myst_nb", "breathe"]
html_theme = "furo"
html_title = "Gramian"
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
html_static_path = []
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "attrs_inline"]
myst_heading_anchors = 4
# Pages are also read as plain Markdown, whose headings may begin at any level.
# Each header of the C++ reference opens the namespace gramian anew.
suppress_warnings = ["myst.header", "misc.highlighting_failure", "duplicate_declaration.cpp"]
nb_execution_mode = "force"
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_merge_streams = True
# The C++ reference (cpp_reference.py): names of other libraries, and of parts of the project that
# the reference leaves out, lead nowhere.
breathe_projects = {"gramian": "../doxygen/xml"}
breathe_default_project = "gramian"
nitpick_ignore_regex = [("cpp:identifier", ".*")]
breathe_show_include = False

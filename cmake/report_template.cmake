# Writes OUT, a C++ file that holds the page IN. Run at build time: cmake -DIN=.. -DOUT=.. -P this.
file(READ ${IN} page)
string(FIND "${page}" ")gramian_page\"" clash)
if(NOT clash EQUAL -1)
  message(FATAL_ERROR "${IN} has the end of the raw string in it")
endif()
file(WRITE ${OUT}
     "#include \"gramian/report/template.h\"\n\n"
     "namespace gramian {\n\n"
     "std::string_view report_template() {\n"
     "  static constexpr char page[] = R\"gramian_page(")
file(APPEND ${OUT} "${page}")
file(APPEND ${OUT}
     ")gramian_page\";\n  return {page, sizeof(page) - 1};\n}\n\n}  // namespace gramian\n")

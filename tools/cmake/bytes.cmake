# bytes(FILE NAME OUT): C++ that defines NAME, an array of the bytes of a file and one of zero, for
# an unnamed namespace. Not a text: compilers limit the length of those.
function(bytes file name out)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," hex "${hex}")
  set(${out} "constexpr char ${name}[] = {\n${hex}'\\0'};\n" PARENT_SCOPE)
endfunction()

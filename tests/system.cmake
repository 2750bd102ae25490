# Tests in Python (Debian's interpreter, whose modules are Debian's packages): one ctest entry a file.
#
# tree.*    the sources and documents themselves: fast, no program needed
# operate.* what operators take from packaging/ and docs/, by the programs that read it (promtool …): some seconds, no program of ours needed
# system.*  the built program with real Postfix and OpenDKIM, labelled `system`, as root; run one at a time (they measure and use both cores)
set(EXOTA_PYTHON /usr/bin/python3)

function(exota_pytest name file)
  add_test(NAME ${name} COMMAND ${EXOTA_PYTHON} -m pytest -q -p no:cacheprovider ${file} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT 900 SKIP_REGULAR_EXPRESSION "^s+ "
                       ENVIRONMENT "EXOTA_BUILD_DIR=${PROJECT_BINARY_DIR};PYTHONDONTWRITEBYTECODE=1")
endfunction()

foreach(kind_of layers_test:tree operate:operate)
  string(REGEX MATCH "^(.+):(.+)$" kind_of ${kind_of})
  file(GLOB quick_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${CMAKE_MATCH_1}/test_*.py)
  set(kind ${CMAKE_MATCH_2})
  foreach(file ${quick_tests})
    get_filename_component(topic ${file} NAME_WE)
    string(REGEX REPLACE "^test_" "" topic ${topic})
    exota_pytest(${kind}.${topic} ${file})
  endforeach()
endforeach()
# Compiling every header by itself takes a minute without a compiler cache; the full test run has it, a quick one leaves it out.
set_tests_properties(tree.headers PROPERTIES LABELS system)

if(TARGET exota AND NOT EXOTA_SANITIZE)
  file(GLOB system_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/system/test_*.py ${CMAKE_CURRENT_SOURCE_DIR}/miltertest/test_*.py)
  foreach(file ${system_tests})
    get_filename_component(topic ${file} NAME_WE)
    string(REGEX REPLACE "^test_" "" topic ${topic})
    exota_pytest(system.${topic} ${file})
    set_tests_properties(system.${topic} PROPERTIES LABELS system RUN_SERIAL TRUE)
  endforeach()
endif()

# Our verifier against other people's signers (opendkim, dkimpy), through the built `exota eval`.
if(TARGET exota)
  file(GLOB authn_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/authn/*_test.py)
  foreach(file ${authn_tests})
    get_filename_component(topic ${file} NAME_WE)
    string(REGEX REPLACE "_test$" "" topic ${topic})
    add_test(NAME authn.${topic} COMMAND /usr/bin/python3 -m pytest -q -rs -p no:cacheprovider ${file} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(authn.${topic} PROPERTIES TIMEOUT 900 SKIP_REGULAR_EXPRESSION "^s+ "
                         ENVIRONMENT "EXOTA_BUILD_DIR=${PROJECT_BINARY_DIR};PYTHONDONTWRITEBYTECODE=1")
  endforeach()
endif()

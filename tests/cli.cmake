# The command line of the built program: exit codes, help, and documents that say what it does.
if(TARGET exota)
  add_test(NAME cli COMMAND /usr/bin/python3 -m pytest -q -p no:cacheprovider ${CMAKE_CURRENT_SOURCE_DIR}/cli_test.py
           ${CMAKE_CURRENT_SOURCE_DIR}/cli_check_test.py ${CMAKE_CURRENT_SOURCE_DIR}/cli_explain_test.py
           ${CMAKE_CURRENT_SOURCE_DIR}/cli_tenant_test.py ${CMAKE_CURRENT_SOURCE_DIR}/cli_healthcheck_test.py ${CMAKE_CURRENT_SOURCE_DIR}/cli_endpoints_test.py ${CMAKE_CURRENT_SOURCE_DIR}/cli_probe_test.py WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(cli PROPERTIES TIMEOUT 300 ENVIRONMENT "EXOTA_BUILD_DIR=${PROJECT_BINARY_DIR};PYTHONDONTWRITEBYTECODE=1")
endif()

# Data written by other people, through the built program. Skipped, saying so, where the corpora are not there (EXOTA_CORPORA).
if(TARGET exota)
  add_test(NAME corpora COMMAND /usr/bin/python3 -m pytest -q -rs -p no:cacheprovider ${CMAKE_CURRENT_SOURCE_DIR}/corpora_test.py WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(corpora PROPERTIES TIMEOUT 900 SKIP_REGULAR_EXPRESSION "no corpora at"
                       ENVIRONMENT "EXOTA_BUILD_DIR=${PROJECT_BINARY_DIR};PYTHONDONTWRITEBYTECODE=1")
endif()

# The conversations in cases/*.case, one ctest entry a file, those in SMTP in smtp/, one a folder, and the predecessor's own (shared corpus,
# skipped where it is absent).
if(TARGET exota_app AND TARGET exota_gate)
  set(conversations ${CMAKE_CURRENT_SOURCE_DIR}/conversations)
  add_library(exota_conversations STATIC ${conversations}/conversation.cc ${conversations}/milter_player.cc ${conversations}/gateway_player.cc ${conversations}/snapshot_of.cc)
  target_link_libraries(exota_conversations PUBLIC exota_app exota_gate)
  if(NOT EXOTA_TRAIN)  # functions that headers define must be optimised as the program's are, else their counts do not fit
    exota_test_options(exota_conversations)
  endif()

  add_executable(cases_test ${conversations}/cases_test.cc)
  target_link_libraries(cases_test PRIVATE exota_conversations GTest::gtest)
  exota_test_options(cases_test)
  file(GLOB cases CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/cases/*.case)
  foreach(case ${cases})
    get_filename_component(topic ${case} NAME_WLE)
    add_test(NAME cases.${topic} COMMAND cases_test ${case})
    set_tests_properties(cases.${topic} PROPERTIES TIMEOUT 300)
  endforeach()

  add_executable(conversations_test ${conversations}/conversation_test.cc ${conversations}/transcripts_test.cc ${conversations}/gateway_cases_test.cc)
  target_link_libraries(conversations_test PRIVATE exota_conversations exota_json GTest::gtest_main)
  exota_test_options(conversations_test)
  target_compile_definitions(conversations_test PRIVATE EXOTA_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  # Conversations in SMTP, a folder for each topic, with the player of gate's own tests.
  add_executable(smtp_files_test ${conversations}/smtp_files_test.cc ${conversations}/smtp_file.cc ${PROJECT_SOURCE_DIR}/src/gate/gateway_fixture.cc)
  target_link_libraries(smtp_files_test PRIVATE exota_gate GTest::gtest)
  exota_test_options(smtp_files_test)
  file(GLOB topics CONFIGURE_DEPENDS LIST_DIRECTORIES true ${CMAKE_CURRENT_SOURCE_DIR}/smtp/*)
  foreach(folder ${topics})
    get_filename_component(topic ${folder} NAME)
    add_test(NAME cases.smtp.${topic} COMMAND smtp_files_test ${folder})
    set_tests_properties(cases.smtp.${topic} PROPERTIES TIMEOUT 300)
  endforeach()

  gtest_discover_tests(conversations_test TEST_PREFIX "conversations." DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 120 LABELS unit)
endif()

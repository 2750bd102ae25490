# What `cmake --install` puts where (GNU directories; packagers set CMAKE_INSTALL_PREFIX=/usr). Sample configuration and endpoint list go
# to the documents: nothing that is installed becomes live configuration by itself.
include(GNUInstallDirs)
if(TARGET exota)
  install(TARGETS exota RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(FILES docs/man/exota.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES docs/man/exota.toml.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES README.md CONTRIBUTING.md CHANGELOG.md LICENSE packaging/exota.toml packaging/endpoints.json DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES packaging/logrotate/exota DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME exota.logrotate)  # /etc is the operator's
# Recipes (docs/watching.md), in the folders that the documents name.
install(DIRECTORY packaging/ldap packaging/prometheus packaging/grafana packaging/rsyslog packaging/logrotate packaging/fail2ban packaging/vector packaging/fluent-bit packaging/kubernetes
        packaging/exota.service.d packaging/exota.socket.d packaging/compose packaging/postgresql
        DESTINATION ${CMAKE_INSTALL_DOCDIR}/packaging USE_SOURCE_PERMISSIONS)
install(FILES packaging/endpoints.json DESTINATION ${CMAKE_INSTALL_DOCDIR}/packaging)  # the compose file mounts it
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs PATTERN man EXCLUDE)
# The units name the program that is installed beside them. The prefix is known only when installing (`cmake --install --prefix`), so the
# text is made then. DESTDIR does not enter it.
foreach(name exota.service exota-endpoints.service)
  set(packaged_unit ${CMAKE_CURRENT_SOURCE_DIR}/packaging/${name})
  set(installed_unit ${CMAKE_CURRENT_BINARY_DIR}/installed/${name})
  install(CODE "
    get_filename_component(bindir \"${CMAKE_INSTALL_BINDIR}\" ABSOLUTE BASE_DIR \"\${CMAKE_INSTALL_PREFIX}\")
    file(READ \"${packaged_unit}\" unit)
    string(REPLACE \"ExecStart=/usr/bin/exota \" \"ExecStart=\${bindir}/exota \" unit \"\${unit}\")
    file(WRITE \"${installed_unit}\" \"\${unit}\")
  " COMPONENT systemd)
  install(FILES ${installed_unit} DESTINATION lib/systemd/system COMPONENT systemd)
endforeach()
install(FILES packaging/exota.socket packaging/exota-endpoints.timer DESTINATION lib/systemd/system COMPONENT systemd)
install(FILES packaging/sysusers.d/exota.conf DESTINATION lib/sysusers.d COMPONENT systemd)
install(FILES packaging/tmpfiles.d/exota.conf DESTINATION lib/tmpfiles.d COMPONENT systemd)
# Completion is printed by the program that is installed. Debian's zsh looks below /usr in vendor-completions: packagers say so.
set(EXOTA_BASH_COMPLETIONS ${CMAKE_INSTALL_DATADIR}/bash-completion/completions CACHE STRING "where bash-completion looks")
set(EXOTA_ZSH_COMPLETIONS ${CMAKE_INSTALL_DATADIR}/zsh/site-functions CACHE STRING "a folder of zsh's fpath")
if(TARGET exota AND NOT CMAKE_CROSSCOMPILING)
  set(completion_scripts ${CMAKE_CURRENT_BINARY_DIR}/installed/completion)
  file(MAKE_DIRECTORY ${completion_scripts})
  foreach(shell bash zsh)
    install(CODE "
      execute_process(COMMAND \"$<TARGET_FILE:exota>\" completion ${shell}
                      OUTPUT_FILE \"${completion_scripts}/${shell}\" COMMAND_ERROR_IS_FATAL ANY)
    " COMPONENT completion)
  endforeach()
  install(FILES ${completion_scripts}/bash DESTINATION ${EXOTA_BASH_COMPLETIONS} RENAME exota COMPONENT completion)
  install(FILES ${completion_scripts}/zsh DESTINATION ${EXOTA_ZSH_COMPLETIONS} RENAME _exota COMPONENT completion)
endif()

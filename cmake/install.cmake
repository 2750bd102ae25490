# What `cmake --install` puts where (GNU directories; packagers set CMAKE_INSTALL_PREFIX=/usr). Sample configuration and endpoint list go
# to the documents: nothing that is installed becomes live configuration by itself.
include(GNUInstallDirs)
if(TARGET exota)
  install(TARGETS exota RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(FILES docs/man/exota.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES docs/man/exota.toml.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES README.md CONTRIBUTING.md CHANGELOG.md LICENSE packaging/exota.toml packaging/endpoints.json DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs PATTERN man EXCLUDE)
install(FILES packaging/exota.service packaging/exota.socket DESTINATION lib/systemd/system)
install(FILES packaging/sysusers.d/exota.conf DESTINATION lib/sysusers.d)
install(FILES packaging/tmpfiles.d/exota.conf DESTINATION lib/tmpfiles.d)

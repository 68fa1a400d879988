# Installs the program, the library, its headers, and what find_package(gramian) needs.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS gramian EXPORT gramian-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS gramian_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY gramian DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h" PATTERN "*-inl.h" EXCLUDE PATTERN "cli" EXCLUDE)

set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/gramian)
install(EXPORT gramian-targets NAMESPACE gramian:: DESTINATION ${config_folder})
set(config ${PROJECT_BINARY_DIR}/gramian-config.cmake)
set(config_version ${PROJECT_BINARY_DIR}/gramian-config-version.cmake)
configure_package_config_file(cmake/gramian-config.cmake.in ${config}
                              INSTALL_DESTINATION ${config_folder})
write_basic_package_version_file(${config_version} COMPATIBILITY SameMinorVersion)
install(FILES ${config} ${config_version} DESTINATION ${config_folder})

# Installs BUILD into an empty prefix, then configures, builds and runs the project in SOURCE
# against it. WORK is emptied first, so that nothing old can help.
file(REMOVE_RECURSE ${WORK}/prefix ${WORK}/build)
set(prefix ${WORK}/prefix)

function(run)
  execute_process(COMMAND ${ARGN}
                  RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(failed)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "failed (${failed}): ${command}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix} --config ${CONFIG})
run(${CMAKE_COMMAND} -S ${SOURCE} -B ${WORK}/build -G ${GENERATOR} -DCMAKE_CXX_COMPILER=${COMPILER}
    -DCMAKE_BUILD_TYPE=${CONFIG} -DCMAKE_PREFIX_PATH=${prefix}
    -DCMAKE_FIND_PACKAGE_NO_PACKAGE_REGISTRY=ON)
run(${CMAKE_COMMAND} --build ${WORK}/build --config ${CONFIG})
run(${WORK}/build/someone)
message(STATUS "${output}")
run(${prefix}/bin/gramian --version)
if(NOT output MATCHES "^gramian [0-9]")
  message(FATAL_ERROR "the installed program says: ${output}")
endif()

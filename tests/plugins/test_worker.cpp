#include "tests/plugins/test_worker.h"

#include "plugins/host/worker_program.h"
#include "tests/fakes/temp_dir.h"

#include <filesystem>

namespace troupe::plugins {

namespace fs = std::filesystem;

std::string readable_copy(const std::string& file) {
  static const fakes::TempDir folder;
  fs::permissions(folder.path(), fs::perms(0755));
  const fs::path copy = folder.path() / fs::path(file).filename();
  if (!fs::exists(copy)) {
    fs::copy_file(file, copy);
    fs::permissions(copy, fs::perms(0755));
  }
  return copy.string();
}

sandbox::Program test_worker(const std::string& library) {
  sandbox::Program program = worker_program(library);
  program.path = readable_copy(TROUPE_PLUGIN_WORKER);
  program.environment = {"ASAN_OPTIONS=detect_leaks=0:handle_segv=0:allow_user_segv_handler=1"};
  return program;
}

}  // namespace troupe::plugins

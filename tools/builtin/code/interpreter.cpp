#include "tools/builtin/code/interpreter.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kInstall =
    "install the package python3-minimal, or write its whole path as `interpreter`";

bool is_executable(const fs::path& path) {
  std::error_code failed;
  return fs::is_regular_file(path, failed) && ::access(path.c_str(), X_OK) == 0;
}

// No script: the kernel runs it by itself.
bool is_program(const fs::path& path) {
  std::array<char, 4> head{};
  std::ifstream(path, std::ios::binary).read(head.data(), head.size());
  return std::string_view(head.data(), head.size()) ==
         "\x7f"
         "ELF";
}

bool usable_as_root(const fs::path& path) {
  std::error_code failed;
  const fs::path real = fs::canonical(path, failed);
  struct stat about{};
  return !failed && others_may_reach(path) && others_may_reach(real) && ::stat(real.c_str(), &about) == 0 &&
         (about.st_mode & S_IXOTH) != 0;
}

// Of the system's own folders everything may be read.
bool is_system(const fs::path& path) {
  const std::string text = path.string();
  for (const std::string_view folder : {"/usr/", "/bin/", "/lib/"})
    if (text.starts_with(folder)) return true;
  return false;
}

void add_installation(const fs::path& interpreter, std::vector<std::string>& files) {
  if (is_system(interpreter) || interpreter.parent_path().filename() != "bin") return;
  const fs::path root = interpreter.parent_path().parent_path();
  std::error_code failed;
  if (fs::exists(root / "pyvenv.cfg", failed)) files.push_back(root / "pyvenv.cfg");
  for (const char* folder : {"lib", "lib64"}) {
    failed.clear();
    for (fs::directory_iterator entry(root / folder, failed), end; !failed && entry != end;
         entry.increment(failed)) {
      const std::string name = entry->path().filename();
      if (name.starts_with("python3") || name.starts_with("libpython3")) files.push_back(entry->path());
    }
  }
}

}  // namespace

bool others_may_reach(const std::string& path) {
  for (fs::path at = fs::path(path).parent_path();; at = at.parent_path()) {
    struct stat about{};
    if (::stat(at.c_str(), &about) != 0 || (about.st_mode & S_IXOTH) == 0) return false;
    if (at == at.parent_path()) return true;
  }
}

Result<std::string> find_interpreter(const std::string& wanted, std::string_view search) {
  const bool root = ::geteuid() == 0;
  if (!wanted.empty()) {
    if (!is_executable(wanted))
      return fail(ErrorCode::not_found,
                  fmt::format("there is no program {} that may be executed; {}", wanted, kInstall));
    if (!is_program(wanted))
      return fail(ErrorCode::invalid, fmt::format("{} is a script; write the path of the interpreter that it "
                                                  "starts: in a sandbox nothing else can be executed",
                                                  wanted));
    if (root && !usable_as_root(wanted))
      return fail(ErrorCode::invalid,
                  fmt::format("{} cannot be executed by nobody, whom a daemon of root runs code as: open it "
                              "and the folders above it to others, or run the daemon as another user",
                              wanted));
    return wanted;
  }
  for (std::string_view rest = search; !rest.empty();) {
    const auto colon = rest.find(':');
    const fs::path path = fs::path(rest.substr(0, colon)) / "python3";
    if (path.is_absolute() && is_executable(path) && is_program(path) && (!root || usable_as_root(path)))
      return path.string();
    rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
  }
  return fail(ErrorCode::not_found,
              fmt::format("there is no python3 in the folders of PATH ({}) that can be run in a sandbox; {}",
                          search, kInstall));
}

std::vector<std::string> files_of_interpreter(const std::string& interpreter) {
  std::vector<std::string> files;
  add_installation(interpreter, files);
  std::error_code failed;
  const fs::path real = fs::canonical(interpreter, failed);
  if (!failed && real != interpreter) {
    // A link is opened by way of what it leads to.
    if (!is_system(real)) files.push_back(real);
    add_installation(real, files);
  }
  return files;
}

}  // namespace troupe::tools

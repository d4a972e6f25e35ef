#include "runtime/sandbox/command.h"

#include "runtime/sandbox/child_stage.h"

#include <fcntl.h>
#include <filesystem>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>

namespace troupe::sandbox {
namespace {

namespace fs = std::filesystem;

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (const auto& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

bool executable(const fs::path& path) {
  std::error_code failed;
  return fs::is_regular_file(path, failed) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

Result<std::string> find_program(std::string_view name, std::string_view search, std::string_view directory) {
  if (name.find('/') != std::string_view::npos) {
    const fs::path path = fs::path(directory) / name;
    if (executable(path)) return path.string();
    return fail(ErrorCode::not_found, "there is no program " + path.string() + " that may be executed");
  }
  for (std::string_view rest = search; !rest.empty();) {
    const auto colon = rest.find(':');
    const fs::path path = fs::path(rest.substr(0, colon)) / name;
    if (path.is_absolute() && executable(path)) return path.string();
    rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
  }
  return fail(ErrorCode::not_found,
              "there is no program `" + std::string(name) + "` in the folders of PATH; write its whole path");
}

Result<Started> start_command(const Command& command, const Streams& streams) {
  auto report = make_pipe();
  if (!report) return fail(std::move(report.error()));
  ::fcntl(report->first.get(), F_SETFL, O_NONBLOCK);
  auto nothing = open_null();
  if (!nothing) return fail(std::move(nothing.error()));

  std::vector<std::string> words{command.path};
  words.insert(words.end(), command.arguments.begin(), command.arguments.end());
  const auto arguments = pointers(words);
  const auto environment = pointers(command.environment);
  const auto or_nothing = [&nothing](int stream) { return stream >= 0 ? stream : nothing->get(); };
  const ChildStage stage{
      .parent = ::getpid(),
      .confined = false,
      .drop_root = false,
      .directory = command.directory.c_str(),
      .streams = {or_nothing(streams.input), or_nothing(streams.output), or_nothing(streams.error)},
      .passed = -1,
      .ruleset = -1,
      .filter = {},
      .limits = {},
      .path = command.path.c_str(),
      .arguments = arguments.data(),
      .environment = environment.data(),
      .report = report->second.get()};

  const std::string name = fs::path(command.path).filename();
  const pid_t pid = spawn_child_stage(stage);
  if (pid < 0) return system_failure("starting a process for " + name);
  Started started{.pid = pid,
                  .process = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))),
                  .report = std::move(report->first)};
  if (!started.process.open()) {
    auto failure = system_failure("watching the process of " + name + " (Linux 5.3 is needed)");
    reap(started);
    return failure;
  }
  return started;
}

}  // namespace troupe::sandbox

#include "tools/builtin/code/code_tool.h"

#include "runtime/async/one_shot.h"
#include "tools/builtin/code/code_run.h"
#include "tools/builtin/code/interpreter.h"
#include "tools/builtin/code/python_runner.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <boost/asio/post.hpp>
#include <fmt/format.h>

namespace troupe::tools {

namespace {

constexpr const char* kSystemPath = "/usr/local/bin:/usr/bin:/bin";
constexpr std::uint32_t kOpenFiles = 32;
constexpr std::chrono::milliseconds kRemovalWait{300};  // then a folder's rest is removed behind the answer

constexpr const char* kSchema = R"json({
  "type": "object",
  "properties": {
    "code": {"type": "string", "minLength": 1, "description": "Python 3, a whole program; end it with an expression or print what you want to see"},
    "stdin": {"type": "string", "description": "what the program reads from its standard input"}
  },
  "required": ["code"],
  "additionalProperties": false
})json";

std::string seconds(std::chrono::milliseconds time) {
  return fmt::format("{:g} s", std::chrono::duration<double>(time).count());
}

std::string described(const ToolSettings& settings) {
  const CodeSettings& code = settings.code;
  std::string text = fmt::format(
      "Runs Python 3 code and gives back what it printed, the value of a last expression, and how it ended. "
      "Every call begins anew: nothing is kept from one to the next. There is no network and no other "
      "process; files can be written to the folder it starts in, which is empty and removed afterwards. "
      "Limits: {}, {} of memory, {} of files.",
      seconds(code.time), size_text(code.memory), size_text(code.folder_bytes));
  if (!code.read.empty()) text += fmt::format(" It may read: {}.", fmt::join(code.read, ", "));
  if (!settings.description.empty()) text += " " + settings.description;
  return text;
}

Result<std::string> folders_for_work() {
  std::error_code failed;
  const std::string folder = std::filesystem::temp_directory_path(failed);
  if (failed)
    return fail(ErrorCode::unavailable,
                fmt::format("there is no folder for temporary files ({}); set TMPDIR", failed.message()));
  if (::geteuid() == 0 && !others_may_reach(folder + "/."))
    return fail(ErrorCode::unavailable,
                fmt::format("code of a daemon of root runs as nobody, who may not enter {}; set TMPDIR to a "
                            "folder that is open to others",
                            folder));
  return folder;
}

}  // namespace

Result<std::unique_ptr<Tool>> CodeTool::make(const ToolSettings& settings, const ToolServices& services) {
  std::unique_ptr<CodeTool> tool(new CodeTool(settings, services));
  if (!services.support) return tool;
  const sandbox::Support& support = services.support();
  // Below this every file of the daemon's user could be read.
  if (sandbox::level(support) < sandbox::Level::no_namespaces)
    return fail(ErrorCode::unavailable,
                fmt::format("code that a model wrote is not run here: this machine cannot confine it ({}). "
                            "Take the tool out of the configuration",
                            sandbox::describe(support)));
  const char* search = std::getenv("PATH");
  auto interpreter = find_interpreter(settings.code.interpreter, search ? search : kSystemPath);
  if (!interpreter) return fail(std::move(interpreter.error()));
  auto folders = folders_for_work();
  if (!folders) return fail(std::move(folders.error()));
  tool->machine_ = Machine{support, std::move(*interpreter), std::move(*folders)};
  // What is wrong with it shows now, and not in the middle of a run.
  if (auto trial = tool->cage(tool->machine_->folders); !trial) return fail(std::move(trial.error()));
  return tool;
}

CodeTool::CodeTool(const ToolSettings& settings, const ToolServices& services)
    : settings_(settings.code), workers_(services.workers) {
  spec_.declaration = {settings.name, described(settings), kSchema};
  spec_.effect = Effect::pure;
}

Result<sandbox::Cage> CodeTool::cage(const std::string& folder) const {
  const auto whole_seconds =
      static_cast<std::uint32_t>(std::chrono::ceil<std::chrono::seconds>(settings_.time).count());
  sandbox::Confinement confinement{.readable = sandbox::system_paths(),
                                   .writable = {folder},
                                   .address_space = settings_.memory,
                                   .cpu_seconds = (whole_seconds + 1) * (settings_.threads + 1),
                                   .open_files = kOpenFiles,
                                   .threads = settings_.threads,
                                   .file_bytes = settings_.file_bytes};
  for (std::string& path : files_of_interpreter(machine_->interpreter))
    confinement.readable.push_back(std::move(path));
  confinement.readable.insert(confinement.readable.end(), settings_.read.begin(), settings_.read.end());
  sandbox::Program program{
      .path = machine_->interpreter,
      .arguments = runner_arguments(folder, size_text(settings_.memory), size_text(settings_.file_bytes)),
      // A thread's own arena of memory reserves more than most code uses.
      .environment = {"HOME=" + folder, "TMPDIR=" + folder, "LANG=C.UTF-8", "MALLOC_ARENA_MAX=2",
                      fmt::format("OMP_NUM_THREADS={}", std::max<std::uint32_t>(settings_.threads, 1))}};
  return sandbox::Cage::make(machine_->support, confinement, std::move(program));
}

Task<Result<ToolOutput>> CodeTool::call(ToolInput input, CallContext& context) {
  if (context.stop.requested()) co_return fail(stopped(spec_.declaration.name, context.stop.reason()));
  const std::string code = string_or(input.arguments, "code");
  const std::string stdin_text = string_or(input.arguments, "stdin");
  if (code.empty()) co_return fail(ErrorCode::invalid, "`code` is missing: write the program to run");
  if (code.size() > kCodeBytes)
    co_return fail(ErrorCode::too_large,
                   fmt::format("`code` has {} bytes; at most {} are run", code.size(), kCodeBytes));
  if (stdin_text.size() > kCodeInputBytes)
    co_return fail(ErrorCode::too_large, fmt::format("`stdin` has {} bytes; at most {} are passed on",
                                                     stdin_text.size(), kCodeInputBytes));
  if (!machine_) co_return fail(ErrorCode::unavailable, "no code is run here");
  if (!turns_) turns_.emplace(context.loop, settings_.at_once);
  const auto turn = co_await turns_->take(context.stop);
  if (!turn || context.stop.requested())
    co_return fail(stopped(spec_.declaration.name, context.stop.reason()));
  co_return co_await run(runner_input(code, stdin_text), context);
}

Task<> CodeTool::clear(Loop& loop, WorkFolder folder) {
  if (!workers_) co_return folder.remove();
  const auto gone = std::make_shared<OneShot<bool>>(loop);
  boost::asio::post(workers_->pool(), [&loop, gone, folder = std::move(folder)]() mutable {
    folder.remove();
    loop.post([gone] { gone->set(true); });
  });
  const Loop::Alarm alarm = loop.at(loop.clock().now() + kRemovalWait, [gone] { gone->set(false); });
  co_await gone->wait();
}

Task<Result<ToolOutput>> CodeTool::run(std::string input, CallContext& context) {
  if (!std::exchange(swept_, true) && workers_)
    boost::asio::post(workers_->pool(), [folders = machine_->folders] { WorkFolder::sweep(folders); });
  auto make = [folders = machine_->folders] { return WorkFolder::make(folders); };
  auto folder = workers_ ? co_await offload(context.loop, *workers_, std::move(make)) : make();
  if (!folder) co_return fail(std::move(folder.error()));
  auto made = cage(folder->path());
  if (!made) co_return fail(std::move(made.error()));
  auto outcome = co_await run_code(context.loop, workers_, *made, std::move(input), folder->path(), settings_,
                                   context.deadline, context.stop);
  co_await clear(context.loop, std::move(*folder));
  if (!outcome) co_return fail(std::move(outcome.error()));
  if (outcome->why == CodeOutcome::Why::stopped && outcome->stopped != StopReason::deadline)
    co_return fail(stopped(spec_.declaration.name, outcome->stopped));
  co_return ToolOutput{.text = outcome_text(*outcome, settings_)};
}

}  // namespace troupe::tools

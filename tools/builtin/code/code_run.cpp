#include "tools/builtin/code/code_run.h"

#include "runtime/async/nursery.h"
#include "runtime/sandbox/byte_channel.h"
#include "runtime/sandbox/child.h"
#include "tools/builtin/code/work_folder.h"

#include <algorithm>
#include <csignal>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

using sandbox::ByteChannel;
using sandbox::Child;
using sandbox::Descriptor;
using Why = CodeOutcome::Why;

constexpr std::chrono::milliseconds kLastWords{300};  // for what is still in its pipes once it was killed

Result<Descriptor> input_file(const std::string& input) {
  auto file = sandbox::make_memory_file();
  if (!file) return file;
  for (std::size_t at = 0; at < input.size();) {
    const ssize_t wrote = ::write(file->get(), input.data() + at, input.size() - at);
    if (wrote < 0) return sandbox::system_failure("copying code for its process");
    at += static_cast<std::size_t>(wrote);
  }
  if (auto sealed = sandbox::seal(*file); !sealed) return fail(std::move(sealed.error()));
  return file;
}

/// One process: what it writes, what its folder holds, and why it was killed if it was.
class CodeRun {
 public:
  CodeRun(Loop& loop, Workers* workers, const CodeSettings& settings, std::string folder, Child child,
          Descriptor output, Descriptor errors)
      : loop_(loop),
        workers_(workers),
        settings_(settings),
        folder_(std::move(folder)),
        child_(std::move(child)),
        output_(loop, std::move(output)),
        errors_(loop, std::move(errors)),
        outcome_(settings.output_bytes) {}

  Task<CodeOutcome> finish(Deadline deadline, Stop& stop) {
    const auto hook = stop.on_request([this, &stop] { end(Why::stopped, stop.reason()); });
    const Instant own = loop_.clock().now() + settings_.time;
    const Loop::Alarm alarm = deadline.at() < own
                                  ? loop_.at(
                                        deadline.at(), [this] { end(Why::stopped, StopReason::deadline); })
                                  : loop_.at(own, [this] { end(Why::time); });
    Nursery nursery(loop_);
    nursery.spawn("output of code", [this] { return collect(output_, outcome_.output); });
    nursery.spawn("errors of code", [this] { return collect(errors_, outcome_.errors); });
    nursery.spawn("folder of code", [this] { return watch(); });
    outcome_.ending = co_await child_.wait();
    ended_.request(StopReason::cancelled);
    // Nothing of it is left that could hold its pipes open; this bounds the wait all the same.
    last_words_ = loop_.at(loop_.clock().now() + kLastWords, [this] {
      output_.cancel();
      errors_.cancel();
    });
    co_await nursery.join();
    co_return std::move(outcome_);
  }

 private:
  void end(Why why, StopReason reason = StopReason::none) {
    if (ended_.requested()) return;  // by itself, before
    if (outcome_.why == Why::ended) {
      outcome_.why = why;
      outcome_.stopped = reason;
    }
    child_.kill();
  }

  Task<> collect(ByteChannel& channel, KeptOutput& kept) {
    std::vector<char> bytes(sandbox::kReadBytes);
    while (const std::size_t count = co_await channel.read_some(bytes)) {
      kept.add({bytes.data(), count});
      if (outcome_.output.total() + outcome_.errors.total() > kCodeFloodBytes) end(Why::flood);
    }
  }

  Task<> watch() {
    while (co_await loop_.sleep_for(kCodeWatch, ended_)) {
      auto look = [folder = folder_, most = settings_.folder_bytes] {
        return use_of(folder, most, kCodeEntries);
      };
      const FolderUse use = workers_ ? co_await offload(loop_, *workers_, std::move(look)) : look();
      if (ended_.requested()) co_return;
      if (use.hidden) end(Why::hidden);
      if (use.bytes > settings_.folder_bytes || use.entries > kCodeEntries) end(Why::folder);
    }
  }

  Loop& loop_;
  Workers* const workers_;
  const CodeSettings& settings_;
  const std::string folder_;
  Child child_;
  ByteChannel output_;
  ByteChannel errors_;
  CodeOutcome outcome_;
  Stop ended_;
  Loop::Alarm last_words_;
};

// How it ended, for people and models.
std::string status_text(const CodeOutcome& outcome, const CodeSettings& settings) {
  switch (outcome.why) {
    case Why::time:
      return fmt::format("it ran longer than {:g} s and was killed",
                         std::chrono::duration<double>(settings.time).count());
    case Why::stopped:
      return "it was killed when the time of the call was over";
    case Why::flood:
      return fmt::format("it wrote more than {} and was killed", size_text(kCodeFloodBytes));
    case Why::folder:
      return fmt::format("its folder held more than {}, or more than {} files, and it was killed",
                         size_text(settings.folder_bytes), kCodeEntries);
    case Why::hidden:
      return "it made folders that cannot be looked into, and was killed";
    case Why::ended:
      break;
  }
  const sandbox::Ending& ending = outcome.ending;
  if (ending.signal == SIGKILL) return "it was ended by SIGKILL (the machine may be short of memory)";
  if (ending.signal != 0) return "it " + ending.text();
  return fmt::format("exit status {}", ending.exit_code);
}

std::string_view trimmed(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string size_text(std::size_t bytes) {
  constexpr std::size_t kMega = std::size_t{1} << 20, kKilo = std::size_t{1} << 10;
  if (bytes >= kMega && bytes % kMega == 0) return fmt::format("{} MiB", bytes / kMega);
  if (bytes >= kKilo && bytes % kKilo == 0) return fmt::format("{} KiB", bytes / kKilo);
  return fmt::format("{} bytes", bytes);
}

Task<Result<CodeOutcome>> run_code(Loop& loop, Workers* workers, const sandbox::Cage& cage, std::string input,
                                   std::string folder, const CodeSettings& settings, Deadline deadline,
                                   Stop& stop) {
  auto file = input_file(input);
  if (!file) co_return fail(std::move(file.error()));
  auto output = sandbox::make_pipe();
  if (!output) co_return fail(std::move(output.error()));
  auto errors = sandbox::make_pipe();
  if (!errors) co_return fail(std::move(errors.error()));
  auto child = Child::start(loop, cage, {file->get(), output->second.get(), errors->second.get()});
  if (!child) co_return fail(std::move(child.error()));
  file->reset();
  output->second.reset();
  errors->second.reset();
  CodeRun run(loop, workers, settings, std::move(folder), std::move(*child), std::move(output->first),
              std::move(errors->first));
  CodeOutcome outcome = co_await run.finish(deadline, stop);
  if (!outcome.ending.not_begun.empty())
    co_return fail(ErrorCode::unavailable, fmt::format("{} {}", cage.name(), outcome.ending.text()));
  co_return outcome;
}

std::string outcome_text(const CodeOutcome& outcome, const CodeSettings& settings) {
  const std::uint64_t most = settings.output_bytes;
  const std::uint64_t said = outcome.output.total(), complained = outcome.errors.total();
  // What one does not need is the other's.
  const std::uint64_t to_errors = std::min(complained, std::max(most / 2, most - std::min(most, said)));
  const std::string output = outcome.output.text(most - to_errors);
  const std::string errors = outcome.errors.text(to_errors);
  const std::string status = status_text(outcome, settings);
  if (said + complained == 0) return fmt::format("[{}; nothing was printed]", status);
  if (complained == 0) return fmt::format("[{}]\n{}", status, trimmed(output));
  if (said == 0) return fmt::format("[{}; standard error:]\n{}", status, trimmed(errors));
  return fmt::format("[{}]\n{}\n[standard error:]\n{}", status, trimmed(output), trimmed(errors));
}

}  // namespace troupe::tools

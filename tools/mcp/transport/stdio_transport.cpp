#include "tools/mcp/transport/stdio_transport.h"

#include "runtime/base/secret.h"
#include "runtime/sandbox/command.h"
#include "runtime/telemetry/log.h"
#include "tools/mcp/bounds.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace troupe::tools::mcp {

namespace {

constexpr Milliseconds kLastWordsWait{200};
constexpr std::size_t kLastWordsShown = 512;
constexpr const char* kUsualPath = "/usr/local/bin:/usr/bin:/bin";

std::string from_environment(const char* name, std::string_view otherwise) {
  const char* value = std::getenv(name);
  return value && *value ? value : std::string(otherwise);
}

std::map<std::string, std::string> environment_of(const ServerSettings& settings) {
  std::map<std::string, std::string> environment = settings.env;
  environment.try_emplace("PATH", from_environment("PATH", kUsualPath));
  environment.try_emplace("HOME", from_environment("HOME", "/"));
  return environment;
}

Result<sandbox::Command> command_of(const ServerSettings& settings) {
  std::error_code failed;
  std::string directory =
      settings.cwd.empty() ? std::filesystem::current_path(failed).string() : settings.cwd;
  if (!std::filesystem::is_directory(directory, failed))
    return fail(ErrorCode::invalid, fmt::format("its `cwd`, {}, is no folder", directory));
  const auto environment = environment_of(settings);
  auto program = sandbox::find_program(settings.command, environment.at("PATH"), directory);
  if (!program) {
    // As shells would read it; nothing here does.
    if (settings.command.find_first_of(" \t") != std::string::npos)
      program.error().message += "; `command` is the program alone, its arguments belong into `args`";
    return fail(std::move(program.error()));
  }
  sandbox::Command command{.path = std::move(*program), .arguments = settings.args, .directory = directory};
  for (const auto& [name, value] : environment) command.environment.push_back(name + "=" + value);
  return command;
}

}  // namespace

struct StdioTransport::Complaints {
  explicit Complaints(const ServerSettings& settings) : server(settings.name) {
    for (const auto& [name, value] : settings.env) secrets.add(value);
  }

  std::string shown(std::string_view said, std::size_t bytes) const {
    return redact(sandbox::readable_tail(said, bytes), secrets);
  }

  void take(std::string_view bytes) {
    tail.append(bytes);
    if (tail.size() > bounds::kLastWords) tail.erase(0, tail.size() - bounds::kLastWords);
    std::vector<LineSplitter::Line> complete;
    lines.feed(bytes, complete);
    for (const LineSplitter::Line& line : complete) {
      if (++count <= bounds::kLogLines)
        log::info("an MCP server wrote to its standard error",
                  {{"server", server}, {"line", shown(line.text, bounds::kLogLine)}});
      else if (count == bounds::kLogLines + 1)
        log::warn("an MCP server writes much to its standard error; no more of it is shown",
                  {{"server", server}, {"lines", bounds::kLogLines}});
    }
  }

  std::string server;
  Secrets secrets;
  LineSplitter lines{bounds::kLogLine};
  std::size_t count = 0;
  std::string tail;
};

StdioTransport::StdioTransport(Loop& loop, const ServerSettings& settings, TransportEvents& events)
    : loop_(loop),
      settings_(settings),
      events_(events),
      nursery_(loop),
      complaints_(std::make_unique<Complaints>(settings)) {}
StdioTransport::~StdioTransport() = default;

Result<> StdioTransport::start() {
  auto command = command_of(settings_);
  if (!command) return fail(std::move(command.error()));
  auto input = sandbox::make_socket_pair();
  auto output = sandbox::make_pipe();
  auto errors = sandbox::make_pipe();
  for (auto* pair : {&input, &output, &errors})
    if (!*pair) return fail(std::move(pair->error()));
  auto started = sandbox::start_command(
      *command,
      {.input = input->second.get(), .output = output->second.get(), .error = errors->second.get()});
  if (!started) return fail(std::move(started.error()));
  child_.emplace(sandbox::Child::adopt(loop_, std::move(*started)));
  input_.emplace(loop_, std::move(input->first));
  output_.emplace(loop_, std::move(output->first));
  errors_.emplace(loop_, std::move(errors->first));
  nursery_.spawn("an MCP server's end", [this] { return reap(); });
  nursery_.spawn("an MCP server's output", [this] { return read_output(); });
  nursery_.spawn("an MCP server's errors", [this] { return read_errors(); });
  return {};
}

void StdioTransport::send(Send message) {
  if (!input_ || input_->cancelled()) return;
  if (waiting_bytes_ + message.text.size() > bounds::kWriteBytes) {
    log::warn("an MCP server does not read what it is sent; a message was dropped",
              {{"server", settings_.name}, {"waiting_bytes", waiting_bytes_}});
    if (message.call)
      events_.on_unanswered(message.call, {ErrorCode::busy, "the server does not read what it is sent"});
    return;
  }
  waiting_bytes_ += message.text.size() + 1;
  waiting_.push_back(std::move(message.text) + "\n");
  if (std::exchange(writing_, true)) return;
  nursery_.spawn("an MCP server's input", [this] { return write_input(); });
}

Task<> StdioTransport::write_input() {
  while (!waiting_.empty()) {
    const std::string line = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= line.size();
    if (!co_await input_->write(line)) break;  // it has gone; its output ends, too
  }
  writing_ = false;
  if (input_->cancelled()) input_.reset();
}

void StdioTransport::close_input() {
  if (!input_) return;
  input_->cancel();
  if (!writing_) input_.reset();  // this closes it
}

Task<> StdioTransport::read_output() {
  LineSplitter splitter(bounds::kMessageBytes);
  std::vector<char> bytes(sandbox::kReadBytes);
  std::vector<LineSplitter::Line> lines;
  bool too_long = false;
  while (const std::size_t n = co_await output_->read_some(bytes)) {
    splitter.feed({bytes.data(), n}, lines);
    for (const LineSplitter::Line& line : lines) {
      too_long = too_long || line.cut;
      if (!too_long && !closing_) events_.on_message(line.text);
    }
    lines.clear();
    too_long = too_long || splitter.overflows();
    if (too_long || closing_) break;
  }
  if (closing_) co_return;
  if (too_long) child_->kill();
  co_await wait_for_end();
  co_await loop_.sleep_for(kLastWordsWait, silent_);  // what it said last may still be in the pipe
  if (closing_) co_return;
  events_.on_lost({.code = too_long ? ErrorCode::too_large : ErrorCode::network,
                   .message = too_long ? fmt::format("it sent a line of more than {} bytes and was ended",
                                                     bounds::kMessageBytes)
                                       : how_it_ended(),
                   .retryable = true});
}

Task<> StdioTransport::read_errors() {
  std::array<char, 4096> bytes;
  while (const std::size_t n = co_await errors_->read_some(bytes)) complaints_->take({bytes.data(), n});
  silent_.request(StopReason::cancelled);
}

Task<> StdioTransport::reap() {
  ending_ = co_await child_->wait();
  exited_.request(StopReason::cancelled);
}

Task<> StdioTransport::wait_for_end() {
  close_input();
  if (!co_await loop_.sleep_for(bounds::kGoodbye, exited_)) co_return;
  child_->terminate();
  if (!co_await loop_.sleep_for(bounds::kGoodbye, exited_)) co_return;
  child_->kill();
  while (!exited_.requested()) co_await loop_.sleep_for(bounds::kGoodbye, exited_);
}

std::string StdioTransport::how_it_ended() const {
  const std::string said = complaints_->shown(complaints_->tail, kLastWordsShown);
  return fmt::format("its program {}{}{}", ending_.text(), said.empty() ? "" : ": ", said);
}

Task<> StdioTransport::close() {
  closing_ = true;
  if (child_) co_await wait_for_end();
  // Somebody outside of the group may still hold the other ends.
  if (output_) output_->cancel();
  if (errors_) errors_->cancel();
  co_await nursery_.join();
}

}  // namespace troupe::tools::mcp

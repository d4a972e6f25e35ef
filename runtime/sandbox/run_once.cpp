#include "runtime/sandbox/run_once.h"

#include "runtime/async/nursery.h"
#include "runtime/base/context.h"
#include "runtime/sandbox/child.h"
#include "runtime/sandbox/error_output.h"

#include <optional>
#include <unistd.h>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace troupe::sandbox {
namespace {

constexpr std::size_t kSlice = 1u << 20;  // of the input, copied in one turn of the loop

Task<Result<Descriptor>> input_file(Loop& loop, std::string input) {
  auto file = make_memory_file();
  if (!file) co_return file;
  for (std::size_t at = 0; at < input.size();) {
    const ssize_t n = ::write(file->get(), input.data() + at, std::min(kSlice, input.size() - at));
    if (n < 0) co_return system_failure("copying a child's input");
    at += static_cast<std::size_t>(n);
    co_await boost::asio::post(loop.context(), boost::asio::use_awaitable);
  }
  if (auto sealed = seal(*file); !sealed) co_return fail(std::move(sealed.error()));
  co_return file;
}

/// One run: the process, what it says, and why it was killed if it was.
class Run {
 public:
  Run(Loop& loop, Child child, Descriptor output, Descriptor errors, std::size_t output_bytes)
      : loop_(loop),
        child_(std::move(child)),
        output_(loop, std::move(output)),
        errors_(loop, std::move(errors)),
        output_bytes_(output_bytes) {}

  Task<Result<std::string>> finish(std::string name, Deadline deadline, Stop& stop) {
    const Instant begun = loop_.clock().now();
    Stop ending(stop);
    const auto hook = ending.on_request([this] { end(); });
    Loop::Alarm alarm;
    if (!deadline.none())
      alarm = loop_.at(deadline.at(), [&ending] { ending.request(StopReason::deadline); });

    Nursery readers(loop_);
    readers.spawn("sandbox output", [this] { return collect(); });
    readers.spawn("sandbox errors", [this] { return errors_.follow([this] { end(); }); });
    const Ending how = co_await child_.wait();
    co_await readers.join();

    if (over_)
      co_return failure(ErrorCode::too_large, name + " wrote more than " + std::to_string(output_bytes_) +
                                                  " bytes of output and was killed");
    if (errors_.flooded())
      co_return failure(ErrorCode::too_large, name + " flooded its error output and was killed");
    if (ending.requested()) {
      const auto after = std::chrono::duration_cast<Milliseconds>(loop_.clock().now() - begun).count();
      Error error = stopped(name, ending.reason());
      error.message += " (killed after " + std::to_string(after) + " ms)" + errors_.last_words();
      co_return fail(std::move(error));
    }
    if (how.good()) co_return std::move(collected_);
    co_return failure(how.not_begun.empty() ? ErrorCode::tool : ErrorCode::unavailable,
                      name + " " + how.text());
  }

 private:
  void end() {
    child_.kill();
    output_.cancel();
    errors_.cancel();
  }

  Task<> collect() {
    std::vector<char> bytes(kReadBytes);
    while (const std::size_t n = co_await output_.read_some(bytes)) {
      if (n > output_bytes_ - collected_.size()) {
        over_ = true;
        end();
        co_return;
      }
      collected_.append(bytes.data(), n);
    }
  }

  std::unexpected<Error> failure(ErrorCode code, std::string message) const {
    return fail(code, std::move(message) + errors_.last_words());
  }

  Loop& loop_;
  Child child_;
  ByteChannel output_;
  ErrorOutput errors_;
  std::size_t output_bytes_;
  std::string collected_;
  bool over_ = false;
};

}  // namespace

Task<Result<std::string>> run_once(Loop& loop, const Cage& cage, std::string input, std::size_t output_bytes,
                                   Deadline deadline, Stop& stop) {
  if (input.size() > kRunInputBytes)
    co_return fail(ErrorCode::too_large, cage.name() + " was not run: its input has " +
                                             std::to_string(input.size()) + " bytes, at most " +
                                             std::to_string(kRunInputBytes) + " are taken");
  auto file = co_await input_file(loop, std::move(input));
  if (!file) co_return fail(std::move(file.error()));
  // Asked after the copy, which takes turns of the loop.
  if (stop.requested()) co_return fail(stopped(cage.name(), stop.reason()));
  if (deadline.expired(loop.clock().now())) co_return fail(stopped(cage.name(), StopReason::deadline));

  auto output = make_pipe();
  if (!output) co_return fail(std::move(output.error()));
  auto errors = make_pipe();
  if (!errors) co_return fail(std::move(errors.error()));
  auto child = Child::start(loop, cage, {file->get(), output->second.get(), errors->second.get()});
  if (!child) co_return fail(std::move(child.error()));
  file->reset();
  output->second.reset();
  errors->second.reset();
  Run run(loop, std::move(*child), std::move(output->first), std::move(errors->first), output_bytes);
  co_return co_await run.finish(cage.name(), deadline, stop);
}

}  // namespace troupe::sandbox

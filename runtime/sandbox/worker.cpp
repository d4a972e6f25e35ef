#include "runtime/sandbox/worker.h"

#include "runtime/base/context.h"

#include <array>

namespace troupe::sandbox {
namespace {

constexpr Milliseconds kLastWordsTime{200};  // for one that hung up, before it is killed

}  // namespace

Result<std::unique_ptr<Worker>> Worker::start(Loop& loop, const Cage& cage, std::size_t frame_bytes) {
  auto channel = make_socket_pair();
  if (!channel) return fail(std::move(channel.error()));
  auto errors = make_pipe();
  if (!errors) return fail(std::move(errors.error()));
  const int theirs = channel->second.get();
  auto child = Child::start(loop, cage, {theirs, theirs, errors->second.get()});
  if (!child) return fail(std::move(child.error()));
  return std::unique_ptr<Worker>(new Worker(loop, std::move(*child), cage.name(), std::move(channel->first),
                                            std::move(errors->first), frame_bytes));
}

Worker::Worker(Loop& loop, Child child, std::string name, Descriptor channel, Descriptor errors,
               std::size_t frame_bytes)
    : loop_(loop),
      name_("worker " + std::move(name)),
      child_(std::move(child)),
      channel_(loop, std::move(channel)),
      errors_(loop, std::move(errors)),
      frame_bytes_(frame_bytes),
      nursery_(loop) {
  nursery_.spawn("worker's error output", [this] { return errors_.follow([this] { kill(); }); });
}

bool Worker::fit() const {
  return !ended_ && !channel_.cancelled() && channel_.waiting() == ByteChannel::Waiting::nothing;
}

Task<Result<std::string>> Worker::call(std::string request, Stop& stop, Deadline deadline) {
  if (busy_) co_return fail(ErrorCode::conflict, name_ + " was given a call during another");
  if (request.size() > frame_bytes_)
    co_return fail(ErrorCode::too_large, name_ + " was not asked: the request has " +
                                             std::to_string(request.size()) + " bytes, at most " +
                                             std::to_string(frame_bytes_) + " are taken");
  if (ended_) co_return fail(ErrorCode::unavailable, name_ + " is dead: it " + ended_->text());
  if (stop.requested()) co_return fail(stopped(name_, stop.reason()));
  if (deadline.expired(loop_.clock().now())) co_return fail(stopped(name_, StopReason::deadline));

  busy_ = true;
  errors_.forgive();
  Stop ending(stop);
  const auto hook = ending.on_request([this] { kill(); });
  Loop::Alarm alarm;
  if (!deadline.none()) alarm = loop_.at(deadline.at(), [&ending] { ending.request(StopReason::deadline); });
  auto answer = co_await exchange(std::move(request), ending);
  busy_ = false;
  co_return answer;
}

Task<Result<std::string>> Worker::exchange(std::string request, Stop& ending) {
  FrameReader reader(frame_bytes_);
  if (channel_.waiting() == ByteChannel::Waiting::bytes) {
    // It would be taken for the answer to this request.
    co_await bury(Milliseconds::zero());
    co_return fail(ErrorCode::protocol,
                   name_ + " spoke without being asked and was killed" + errors_.last_words());
  }
  // Written and read at the same time: a worker may answer while it reads.
  Nursery writer(loop_);
  bool written = false;
  writer.spawn("worker's request", [this, &request, &written]() -> Task<> {
    const FrameHead head = frame_head(request.size());
    request.insert(0, head.data(), head.size());
    written = co_await channel_.write(request);
  });
  const FrameReader::State state = co_await receive(reader);
  // One that hung up is about to end by itself, which tells more than our signal would.
  const bool hung_up = state == FrameReader::State::incomplete && !channel_.cancelled();
  if (hung_up) {
    co_await bury(kLastWordsTime);
  } else if (state != FrameReader::State::complete) {
    kill();
  }
  co_await writer.join();
  if (state == FrameReader::State::complete && written && !ending.requested()) {
    ++answered_;
    co_return std::move(reader).payload();
  }
  co_await bury(Milliseconds::zero());
  co_return failure(state, reader, ending);
}

Task<FrameReader::State> Worker::receive(FrameReader& reader) {
  std::array<char, 4096> first;  // most answers; the rest of a large one comes in larger pieces
  std::vector<char> more;
  std::span<char> into(first);
  for (;;) {
    const std::size_t n = co_await channel_.read_some(into);
    if (n == 0) co_return FrameReader::State::incomplete;
    const auto state = reader.take({into.data(), n});
    if (state != FrameReader::State::incomplete) co_return state;
    if (n == into.size() && more.empty()) {
      more.resize(kReadBytes);
      into = more;
    }
  }
}

std::unexpected<Error> Worker::failure(FrameReader::State state, const FrameReader& reader,
                                       const Stop& ending) const {
  using State = FrameReader::State;
  const std::string said = errors_.last_words();
  if (ending.requested()) {
    Error error = stopped(name_, ending.reason());
    error.message += " with " + reader.progress() + " and was killed" + said;
    return fail(std::move(error));
  }
  if (errors_.flooded())
    return fail(ErrorCode::too_large, name_ + " flooded its error output and was killed" + said);
  if (state == State::oversize)
    return fail(ErrorCode::protocol, name_ + " announced an answer of " + std::to_string(reader.announced()) +
                                         " bytes, at most " + std::to_string(frame_bytes_) +
                                         " are taken, and was killed" + said);
  if (state == State::excess)
    return fail(ErrorCode::protocol, name_ + " sent more than one answer and was killed" + said);
  if (!ended_->not_begun.empty()) return fail(ErrorCode::unavailable, name_ + " " + ended_->text());
  return fail(ErrorCode::tool,
              name_ + " " + ended_->text() + " during a call, with " + reader.progress() + said);
}

void Worker::kill() {
  child_.kill();
  channel_.cancel();
  errors_.cancel();
}

Task<> Worker::bury(Milliseconds grace) {
  Loop::Alarm alarm;
  if (grace > Milliseconds::zero()) {
    alarm = loop_.at(loop_.clock().now() + grace, [this] { kill(); });
  } else {
    kill();
  }
  if (!ended_) ended_ = co_await child_.wait();
  co_await nursery_.join();
  kill();  // nothing is left to kill; the channel is out of use
}

Task<> Worker::end() {
  co_await bury(Milliseconds::zero());
}

}  // namespace troupe::sandbox

#include "runtime/sandbox/frame_link.h"

#include <vector>

namespace troupe::sandbox {
namespace {

constexpr Milliseconds kLastWordsTime{200};  // for one that hung up, before it is killed

}  // namespace

Result<std::unique_ptr<FrameLink>> FrameLink::start(Loop& loop, const Cage& cage, std::size_t frame_bytes,
                                                    Handlers handlers, int memory) {
  auto channel = make_socket_pair();
  if (!channel) return fail(std::move(channel.error()));
  auto errors = make_pipe();
  if (!errors) return fail(std::move(errors.error()));
  const int theirs = channel->second.get();
  auto child = Child::start(loop, cage, {theirs, theirs, errors->second.get(), memory});
  if (!child) return fail(std::move(child.error()));
  return std::unique_ptr<FrameLink>(new FrameLink(loop, std::move(*child), cage.name(),
                                                  std::move(channel->first), std::move(errors->first),
                                                  frame_bytes, std::move(handlers)));
}

FrameLink::FrameLink(Loop& loop, Child child, std::string name, Descriptor channel, Descriptor errors,
                     std::size_t frame_bytes, Handlers handlers)
    : loop_(loop),
      name_(std::move(name)),
      child_(std::move(child)),
      channel_(loop, std::move(channel)),
      errors_(loop, std::move(errors)),
      frame_bytes_(frame_bytes),
      handlers_(std::move(handlers)),
      nursery_(loop) {
  nursery_.spawn("process's error output", [this] {
    return errors_.follow([this] {
      kill({ErrorCode::too_large, name_ + " flooded its error output and was killed" + errors_.last_words()});
    });
  });
  nursery_.spawn("process's frames", [this] { return read(); });
}

bool FrameLink::send(std::string_view payload) {
  if (payload.size() > frame_bytes_) return false;
  if (over_) return true;  // `ended` tells, or will
  const FrameHead head = frame_head(payload.size());
  std::string frame;
  frame.reserve(head.size() + payload.size());
  frame.append(head.data(), head.size()).append(payload);
  queued_bytes_ += frame.size();
  queue_.push_back(std::move(frame));
  if (queued_bytes_ > kLinkQueueBytes && queue_.size() > 1) {
    kill(
        {ErrorCode::tool, name_ + " left " + std::to_string(queued_bytes_) + " bytes unread and was killed"});
  } else if (!writing_) {
    writing_ = true;
    nursery_.spawn("process's requests", [this] { return write(); });
  }
  return true;
}

Task<> FrameLink::write() {
  while (!queue_.empty()) {
    const std::string frame = std::move(queue_.front());
    queue_.pop_front();
    if (!co_await channel_.write(frame)) break;  // read() sees it, too
    queued_bytes_ -= frame.size();
  }
  writing_ = false;
}

Task<> FrameLink::read() {
  FrameStream stream(frame_bytes_);
  std::vector<char> into(kReadBytes);
  while (const std::size_t n = co_await channel_.read_some(into)) {
    stream.take({into.data(), n});
    while (auto payload = stream.next())
      if (!over_) handlers_.frame(std::move(*payload));
    if (stream.oversize()) break;
  }
  // One that hung up is about to end by itself, which tells more than our signal would.
  Loop::Alarm alarm;
  if (!over_ && !stream.oversize()) {
    alarm = loop_.at(loop_.clock().now() + kLastWordsTime, [this] { child_.kill(); });
  } else {
    child_.kill();
  }
  over_ = true;
  const Ending ending = co_await child_.wait();
  channel_.cancel();
  errors_.cancel();
  handlers_.ended(why_ ? *why_ : how_it_ended(stream, ending));
}

Error FrameLink::how_it_ended(const FrameStream& stream, const Ending& ending) const {
  if (stream.oversize())
    return {ErrorCode::protocol, name_ + " announced a message of " + std::to_string(stream.announced()) +
                                     " bytes, at most " + std::to_string(frame_bytes_) +
                                     " are taken, and was killed" + errors_.last_words()};
  const ErrorCode code = ending.not_begun.empty() ? ErrorCode::tool : ErrorCode::unavailable;
  return {code, name_ + " " + ending.text() + errors_.last_words()};
}

void FrameLink::kill(Error why) {
  if (!why_ && !over_) why_ = std::move(why);
  over_ = true;
  child_.kill();
  channel_.cancel();
}

Task<> FrameLink::end(Milliseconds grace) {
  const Error shutdown{ErrorCode::unavailable, name_ + " was ended"};
  Loop::Alarm alarm;
  if (grace > Milliseconds::zero() && !over_) {
    alarm = loop_.at(loop_.clock().now() + grace, [this, shutdown] { kill(shutdown); });
  } else {
    kill(shutdown);
  }
  co_await nursery_.join();
}

}  // namespace troupe::sandbox

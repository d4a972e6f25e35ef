#include "runtime/net/beast_transport.h"

#include "runtime/async/one_shot.h"
#include "runtime/base/limits.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include <boost/asio/error.hpp>

namespace troupe::net {

struct Transport::Core {
  Core(Loop& l, std::unique_ptr<ByteStream> b) : loop(l), bytes(std::move(b)) {}

  Loop& loop;
  std::unique_ptr<ByteStream> bytes;

  std::string unread;
  std::size_t wire_bytes = 0;
  std::size_t wire_max = 0;
  Instant wire_since;

  // Written by Beast and not yet on its way / on its way.
  std::string pending;
  std::string sending;
  bool corked = false;
  bool writing = false;
  error_code failure;
  // Waiting: the one write that must not complete before its bytes have left, and those who flush.
  std::size_t direct_taken = 0;
  ByteStream::Done direct;
  std::vector<OneShot<bool>*> flushing;
};

Transport::Transport(Loop& loop, std::unique_ptr<ByteStream> bytes)
    : core_(std::make_shared<Core>(loop, std::move(bytes))) {}
Transport::~Transport() = default;
Transport::Transport(Transport&&) noexcept = default;
Transport& Transport::operator=(Transport&&) noexcept = default;

Transport::executor_type Transport::get_executor() const noexcept {
  return core_->loop.context().get_executor();
}

void Transport::unread(std::string bytes) {
  core_->unread.insert(0, bytes);
}
void Transport::cork() {
  core_->corked = true;
}
void Transport::close() {
  core_->bytes->close();
}

std::size_t Transport::wire_bytes() const {
  return core_->wire_bytes;
}
Instant Transport::wire_since() const {
  return core_->wire_since;
}
void Transport::mark_message() {
  core_->wire_bytes = 0;
}
void Transport::forgive(std::size_t bytes) {
  core_->wire_bytes -= std::min(bytes, core_->wire_bytes);
}
void Transport::set_wire_max(std::size_t bytes) {
  core_->wire_max = bytes;
}

boost::system::error_code Transport::too_many_fragments() {
  return boost::asio::error::message_size;
}

void Transport::read_some(const std::shared_ptr<Core>& core, boost::asio::mutable_buffer into,
                          ByteStream::Done done) {
  auto counted = [core, done = std::move(done)](error_code error, std::size_t n) mutable {
    if (core->wire_bytes == 0) core->wire_since = core->loop.clock().now();
    core->wire_bytes += n;
    if (!error && core->wire_max > 0 && core->wire_bytes > core->wire_max) error = too_many_fragments();
    done(error, n);
  };
  if (core->unread.empty() && into.size() > 0) return core->bytes->read_some(into, std::move(counted));
  const std::size_t n = std::min(core->unread.size(), into.size());
  std::memcpy(into.data(), core->unread.data(), n);
  core->unread.erase(0, n);
  boost::asio::post(core->loop.context(), [counted = std::move(counted), n]() mutable { counted({}, n); });
}

void Transport::gather(const std::shared_ptr<Core>& core, std::string_view bytes) {
  core->pending += bytes;
}

void Transport::written(const std::shared_ptr<Core>& core, std::size_t taken, ByteStream::Done done) {
  const bool room = core->pending.size() <= limits::kWriteBatch;
  if (core->failure || core->corked || (core->writing && room)) {
    boost::asio::post(core->loop.context(), [done = std::move(done), error = core->failure, taken]() mutable {
      done(error, error ? 0 : taken);
    });
    return;
  }
  // Either nobody is writing, and the caller learns how it went; or too much is waiting already (a peer that
  // pings and does not read), and the caller waits until it has left.
  core->direct = std::move(done);
  core->direct_taken = taken;
  if (!core->writing) start_write(core);
}

void Transport::start_write(const std::shared_ptr<Core>& core) {
  core->writing = true;
  core->sending.swap(core->pending);
  core->bytes->write(boost::asio::buffer(core->sending), [core](error_code error, std::size_t) {
    if (error) core->failure = error;
    if (!error && !core->pending.empty() && !core->corked) {
      core->sending.clear();
      return start_write(core);
    }
    core->writing = false;
    // An idle connection keeps no buffers: ten thousand of them are what memory is made of.
    core->sending = std::string();
    if (core->direct)
      std::exchange(core->direct, nullptr)(core->failure, core->failure ? 0 : core->direct_taken);
    for (auto* waiter : std::exchange(core->flushing, {})) waiter->set(true);
  });
}

Task<boost::system::error_code> Transport::flush() {
  auto core = core_;
  core->corked = false;
  while (!core->failure && (core->writing || !core->pending.empty())) {
    if (!core->writing) start_write(core);
    OneShot<bool> flushed(core->loop);
    core->flushing.push_back(&flushed);
    co_await flushed.wait();
  }
  co_return core->failure;
}

void Transport::write_raw(std::string_view bytes) {
  gather(core_, bytes);
}

Task<> Transport::finish(Milliseconds patience) {
  auto core = core_;
  auto alarm = core->loop.at(core->loop.clock().now() + patience, [core] { core->bytes->close(); });
  const error_code failure = co_await flush();
  if (!failure) {
    OneShot<bool> finished(core->loop);
    core->bytes->finish([&finished](error_code, std::size_t) { finished.set(true); });
    co_await finished.wait();
  }
  core->bytes->close();
}

}  // namespace troupe::net

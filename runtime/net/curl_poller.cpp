#include "runtime/net/curl_poller.h"

#include <array>
#include <cerrno>
#include <stdexcept>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace troupe::net {
namespace {

constexpr int kBatch = 64;
constexpr int kBatchesAtOnce = 16;  // then the rest of the loop has its turn

int make_epoll() {
  const int set = epoll_create1(EPOLL_CLOEXEC);
  if (set < 0)
    throw std::system_error(errno, std::generic_category(), "epoll_create1 for outbound connections");
  return set;
}

}  // namespace

CurlPoller::CurlPoller(Loop& loop, std::function<void()> after_batch)
    : after_batch_(std::move(after_batch)), set_(loop.context(), make_epoll()) {
  wait();
}

CurlPoller::~CurlPoller() {
  *alive_ = false;
}

CurlPoller::Watch& CurlPoller::watch(curl_socket_t socket) {
  const auto index = static_cast<std::size_t>(socket);
  if (index >= watches_.size()) watches_.resize(index + 64);
  return watches_[index];
}

curl_socket_t CurlPoller::open(int family, int type, int protocol) {
  const int socket = ::socket(family, type | SOCK_CLOEXEC, protocol);
  if (socket < 0) return CURL_SOCKET_BAD;
  Watch& entry = watch(socket);
  entry = Watch{.generation = entry.generation + 1, .ours = true};
  return socket;
}

int CurlPoller::close(curl_socket_t socket) {
  Watch& entry = watch(socket);
  // Closing takes it out of the set: nobody holds a duplicate of a socket made with CLOEXEC.
  entry = Watch{.generation = entry.generation + 1};
  return ::close(socket);
}

void CurlPoller::want(curl_socket_t socket, SocketOwner* owner, int what) {
  Watch& entry = watch(socket);
  if (what == CURL_POLL_REMOVE) {
    entry.wanted = 0;
    // A descriptor that libcurl opened itself is closed behind our back, and its number used again.
    if (!entry.ours) drop(socket, entry);
    return;
  }
  entry.owner = owner;
  entry.wanted = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
  set(socket, entry, EPOLLIN | entry.wanted);
}

void CurlPoller::set(curl_socket_t socket, Watch& entry, std::uint32_t mask) {
  if (entry.in_set && entry.registered == mask) return;
  epoll_event event{};
  event.events = mask;
  event.data.u64 = std::uint64_t{entry.generation} << 32 | static_cast<std::uint32_t>(socket);
  const int set = set_.native_handle();
  int result = epoll_ctl(set, entry.in_set ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
  if (result < 0 && errno == EEXIST) result = epoll_ctl(set, EPOLL_CTL_MOD, socket, &event);
  if (result < 0 && errno == ENOENT) result = epoll_ctl(set, EPOLL_CTL_ADD, socket, &event);
  entry.in_set = result == 0;  // if not, the transfer's own time limits end it
  entry.registered = mask;
}

void CurlPoller::drop(curl_socket_t socket, Watch& entry) {
  if (entry.in_set) epoll_ctl(set_.native_handle(), EPOLL_CTL_DEL, socket, nullptr);
  entry.in_set = false;
  entry.registered = 0;
}

void CurlPoller::wait() {
  set_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                  [this, alive = alive_](boost::system::error_code error) {
                    if (error || !*alive) return;
                    hand_out();
                    wait();
                  });
}

void CurlPoller::hand_out() {
  std::array<epoll_event, kBatch> events;
  for (int batch = 0; batch < kBatchesAtOnce; ++batch) {
    const int count = epoll_wait(set_.native_handle(), events.data(), kBatch, 0);
    for (int i = 0; i < count; ++i)
      dispatch(events[static_cast<std::size_t>(i)].data.u64, events[static_cast<std::size_t>(i)].events);
    after_batch_();
    if (count < kBatch) return;
  }
}

void CurlPoller::dispatch(std::uint64_t key, std::uint32_t events) {
  const auto socket = static_cast<curl_socket_t>(key & 0xffffffffu);
  Watch& entry = watch(socket);
  if (entry.generation != key >> 32 || !entry.in_set) return;  // closed earlier in this batch
  if (entry.wanted == 0) return drop(socket, entry);
  // A hang-up is passed as readiness for what libcurl waits for: it then meets the error itself and names it.
  const bool broken = events & (EPOLLERR | EPOLLHUP);
  const std::uint32_t ready = broken ? entry.wanted : events & entry.wanted;
  if (ready == 0) return set(socket, entry, entry.wanted);
  const int mask = (ready & EPOLLIN ? CURL_CSELECT_IN : 0) | (ready & EPOLLOUT ? CURL_CSELECT_OUT : 0);
  entry.owner->on_socket(socket, mask);  // may close sockets and move `entry`
}

}  // namespace troupe::net

#pragma once

#include "runtime/async/loop.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <curl/curl.h>

namespace troupe::net {

/// Who is told that a socket is ready: a libcurl multi handle. `mask` holds CURL_CSELECT_ bits.
class SocketOwner {
 public:
  virtual ~SocketOwner() = default;
  virtual void on_socket(curl_socket_t socket, int mask) = 0;
};

/// The sockets of one client: a level-triggered epoll set of our own, which Asio watches as one descriptor.
///
/// A socket is added once and stays while libcurl keeps the connection, because following libcurl's wishes to
/// the letter costs an add and a delete for every request (3-5 µs). What libcurl does not want is taken out
/// when it happens: an event on a socket nobody waits for (the server closed an idle connection) deletes it
/// from the set, since even an empty mask would report a hang-up for ever. A socket that is still connecting
/// may be closed by libcurl without a word to us; the kernel then takes it out of the set. Loop thread only.
class CurlPoller {
 public:
  /// `after_batch` is called when a batch of events has been handed out.
  CurlPoller(Loop& loop, std::function<void()> after_batch);
  ~CurlPoller();
  CurlPoller(const CurlPoller&) = delete;
  CurlPoller& operator=(const CurlPoller&) = delete;

  /// A new socket, ours to close; CURL_SOCKET_BAD with errno set when there is none.
  curl_socket_t open(int family, int type, int protocol);
  /// Closes it, whoever opened it.
  int close(curl_socket_t socket);
  /// What libcurl's socket callback says: CURL_POLL_IN, OUT, INOUT or REMOVE.
  void want(curl_socket_t socket, SocketOwner* owner, int what);

 private:
  struct Watch {
    SocketOwner* owner = nullptr;
    std::uint32_t generation = 0;  // tells an event of a closed socket from one of its successor
    std::uint32_t wanted = 0;      // EPOLLIN, EPOLLOUT
    std::uint32_t registered = 0;
    bool in_set = false;
    bool ours = false;
  };

  Watch& watch(curl_socket_t socket);
  void set(curl_socket_t socket, Watch& watch, std::uint32_t mask);
  void drop(curl_socket_t socket, Watch& watch);
  void wait();
  void hand_out();
  void dispatch(std::uint64_t key, std::uint32_t events);

  std::function<void()> after_batch_;
  boost::asio::posix::stream_descriptor set_;  // the epoll descriptor
  std::vector<Watch> watches_;                 // by descriptor number
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace troupe::net

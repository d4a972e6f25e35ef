#pragma once

#include "runtime/async/loop.h"
#include "runtime/net/curl_poller.h"
#include "runtime/net/curl_transfer.h"

#include <functional>
#include <memory>
#include <vector>

namespace troupe::net {

/// One libcurl multi handle with its kept connections, its pool of easy handles and its one time-out number.
///
/// libcurl's wish to be called "in 0 ms" is a flag that settle() honours after the current batch, never a
/// timer; of later wishes only the number is kept, behind an alarm that is set again only when it rings too
/// early. libcurl is never called from inside one of its callbacks: what happens there is put off to the end
/// of the call. So is what it brings of bodies: one read of a stream that has an HTTP chunk a token is one
/// piece for its sink. Loop thread only.
class CurlShard final : public SocketOwner {
 public:
  /// `kick`: asks the client to call settle() on a later turn of the loop.
  CurlShard(Loop& loop, const CurlCommon& common, std::function<void()> kick);
  ~CurlShard() override;
  CurlShard(const CurlShard&) = delete;
  CurlShard& operator=(const CurlShard&) = delete;

  /// A transfer to prepare and start, from the pool if there is one. Give it back with release().
  CurlTransfer& acquire();
  void release(CurlTransfer& transfer);
  /// Hands it to libcurl; `done` is set when it has ended in whatever way. False when libcurl refuses.
  bool start(CurlTransfer& transfer, OneShot<bool>& done);
  /// Ends it and closes its connection, now or, when called from inside libcurl, as soon as that returns.
  void stop(CurlTransfer& transfer, Ended why);

  void on_socket(curl_socket_t socket, int mask) override;
  /// Does what libcurl wanted done at once and collects what has finished. Not from inside libcurl.
  void settle();

  std::size_t in_flight() const { return in_flight_; }
  Instant idle_since() const { return idle_since_; }

 private:
  static int on_socket_wish(CURL* easy, curl_socket_t socket, int what, void* self, void* unused);
  static int on_timer_wish(CURLM* multi, long timeout_ms, void* self);

  void act(curl_socket_t socket, int mask);
  void hand_over();
  void collect();
  void remove(CurlTransfer& transfer);
  void arm();
  void ring();

  Loop& loop_;
  const CurlCommon& common_;
  const std::function<void()> kick_;
  CURLM* multi_;
  std::vector<std::unique_ptr<CurlTransfer>> all_;
  std::vector<CurlTransfer*> pool_;
  std::vector<CurlTransfer*> stopped_;   // from inside libcurl; removed when it returns
  std::vector<CurlTransfer*> news_;      // have brought something; handed over when libcurl returns
  std::vector<CurlTransfer*> finished_;  // empty but for collect(); kept for its memory
  std::size_t in_flight_ = 0;
  Instant idle_since_;
  bool inside_ = false;
  bool touched_ = false;  // there may be finished transfers to collect
  bool due_now_ = false;
  Instant due_ = Instant::max();
  Instant armed_ = Instant::max();
  Loop::Alarm alarm_;
};

}  // namespace troupe::net

#include "runtime/net/curl_shard.h"

#include "runtime/net/curl_library.h"

#include <algorithm>
#include <cassert>
#include <new>

namespace troupe::net {
namespace {

constexpr long kConnectionsKept = 96;  // a shard's share of what runs at once, and slack
constexpr std::size_t kPool = 8;       // idle easy handles, however little is in flight
constexpr int kRounds = 8;             // of "in 0 ms" in one turn of the loop

}  // namespace

CurlShard::CurlShard(Loop& loop, const CurlCommon& common, std::function<void()> kick)
    : loop_(loop),
      common_(common),
      kick_(std::move(kick)),
      multi_(curl().multi_init()),
      idle_since_(loop.clock().now()) {
  if (!multi_) throw std::bad_alloc();
  curl().multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &on_socket_wish);
  curl().multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl().multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &on_timer_wish);
  curl().multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl().multi_setopt(multi_, CURLMOPT_PIPELINING, long{CURLPIPE_NOTHING});
  curl().multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kConnectionsKept);
}

CurlShard::~CurlShard() {
  assert(in_flight_ == 0 && "an HTTP client is destroyed while it is in use");
  for (auto& transfer : all_) {
    if (transfer->added) curl().multi_remove_handle(multi_, transfer->handle());
  }
  all_.clear();
  curl().multi_cleanup(multi_);
}

CurlTransfer& CurlShard::acquire() {
  if (pool_.empty()) {
    all_.push_back(std::make_unique<CurlTransfer>(common_));
    pool_.push_back(all_.back().get());
  }
  CurlTransfer& transfer = *pool_.back();
  pool_.pop_back();
  ++in_flight_;
  return transfer;
}

void CurlShard::release(CurlTransfer& transfer) {
  if (transfer.added) {  // its coroutine is destroyed before its end
    remove(transfer);
  }
  transfer.done = nullptr;
  transfer.news = nullptr;
  transfer.clear();
  --in_flight_;
  idle_since_ = loop_.clock().now();
  pool_.push_back(&transfer);
  // As many as are at work may be wanted again; each holds 20 KB, most of it libcurl's read buffer.
  while (pool_.size() > std::max(kPool, in_flight_)) {
    std::erase_if(all_, [&](const auto& one) { return one.get() == pool_.back(); });
    pool_.pop_back();
  }
}

bool CurlShard::start(CurlTransfer& transfer, OneShot<bool>& done) {
  assert(!inside_ && "libcurl must not be called from its own callbacks");
  if (curl().multi_add_handle(multi_, transfer.handle()) != CURLM_OK) return false;
  transfer.added = true;
  transfer.done = &done;
  transfer.news = &news_;
  return true;
}

void CurlShard::stop(CurlTransfer& transfer, Ended why) {
  transfer.end(why);
  if (!transfer.added) return;
  if (inside_) {
    stopped_.push_back(&transfer);
  } else {
    remove(transfer);
  }
}

/// Takes it from libcurl, which closes a connection that is in the middle of an exchange.
void CurlShard::remove(CurlTransfer& transfer) {
  if (!transfer.added) return;
  transfer.added = false;
  curl().multi_remove_handle(multi_, transfer.handle());
  if (transfer.done) transfer.done->set(true);
}

void CurlShard::act(curl_socket_t socket, int mask) {
  int running = 0;
  inside_ = touched_ = true;
  curl().multi_socket_action(multi_, socket, mask, &running);
  inside_ = false;
  for (CurlTransfer* transfer : stopped_) remove(*transfer);
  stopped_.clear();
  if (!news_.empty()) hand_over();
}

/// Sinks may stop any transfer meanwhile, but none is given back before a later turn of the loop.
void CurlShard::hand_over() {
  for (CurlTransfer* transfer : news_) {
    if (transfer->added && !transfer->hand_over()) remove(*transfer);
  }
  news_.clear();
}

void CurlShard::on_socket(curl_socket_t socket, int mask) {
  act(socket, mask);
}

void CurlShard::settle() {
  for (int round = 0; due_now_ && round < kRounds; ++round) {
    due_now_ = false;
    act(CURL_SOCKET_TIMEOUT, 0);
  }
  if (std::exchange(touched_, false)) collect();
  if (due_now_) kick_();
}

void CurlShard::collect() {
  int left = 0;
  while (CURLMsg* message = curl().multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CurlTransfer* transfer = nullptr;
    curl().easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    transfer->finish(message->data.result);
    finished_.push_back(transfer);
  }
  // Only now: a message dies with the removal of its handle.
  for (CurlTransfer* transfer : finished_) remove(*transfer);
  finished_.clear();
}

int CurlShard::on_socket_wish(CURL*, curl_socket_t socket, int what, void* self, void*) {
  auto* shard = static_cast<CurlShard*>(self);
  shard->common_.poller.want(socket, shard, what);
  return 0;
}

int CurlShard::on_timer_wish(CURLM*, long timeout_ms, void* self) {
  auto* shard = static_cast<CurlShard*>(self);
  shard->due_now_ = timeout_ms == 0;
  shard->due_ = timeout_ms > 0 ? shard->loop_.clock().now() + Milliseconds(timeout_ms) : Instant::max();
  if (shard->due_now_ && !shard->inside_) shard->kick_();
  if (shard->due_ < shard->armed_) shard->arm();
  return 0;
}

void CurlShard::arm() {
  armed_ = due_;
  alarm_ = loop_.at(due_, [this] { ring(); });
}

void CurlShard::ring() {
  armed_ = Instant::max();
  if (due_ <= loop_.clock().now()) {
    due_ = Instant::max();
    act(CURL_SOCKET_TIMEOUT, 0);
    settle();
  }
  if (due_ < armed_) arm();
}

}  // namespace troupe::net

#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/one_shot.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/base/limits.h"
#include "runtime/base/result.h"
#include "runtime/net/address.h"
#include "runtime/net/loop_port.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace troupe::net {

/// What a host name resolved to. The generation grows with every answer, so that a copy can be told from a
/// newer one.
struct Resolved {
  std::shared_ptr<const std::vector<Address>> addresses;  // never empty
  std::uint64_t generation = 0;
};

/// Host names to addresses. getaddrinfo blocks and cannot be cancelled, so each look-up has a thread of its
/// own, at most `lookups_max` of them; a caller that stops waiting leaves at once, the thread ends when it
/// ends. Callers for one name share one look-up. An answer is used for a minute; for some minutes more it is
/// still used at once while a new look-up runs, so that a slow or broken name server does not stand before a
/// request for which a connection is kept. Loop thread only. May be destroyed while look-ups run (they then
/// come to nothing), not while callers wait.
class Resolver {
 public:
  /// Blocks, on any thread. Error: network, retryable unless the name does not exist.
  using Lookup = std::function<Result<std::vector<Address>>(const std::string& host)>;
  /// getaddrinfo: what the machine's own configuration says.
  static Result<std::vector<Address>> system(const std::string& host);

  explicit Resolver(Loop& loop, Lookup lookup = system, std::size_t lookups_max = limits::kLookups);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// Errors: the look-up's; when `stop` comes first, cancelled (or timeout).
  Task<Result<Resolved>> resolve(std::string host, Stop& stop);
  /// The answer that resolve() would give without waiting, if there is one.
  std::optional<Resolved> known(const std::string& host);

  std::size_t running() const { return running_; }

 private:
  using Waiter = OneShot<Result<Resolved>>;
  struct Host {
    Resolved resolved;  // addresses null: not known yet
    Instant at = Instant::min();
    bool looking = false;  // running, or queued
    std::vector<Waiter*> waiters;
  };

  void look_up(const std::string& host);
  void start_next();
  void finish(const std::string& host, Result<std::vector<Address>> answer);
  void leave(const std::string& host, Waiter* waiter);
  void evict();

  Loop& loop_;
  const Lookup lookup_;
  const std::size_t lookups_max_;
  std::shared_ptr<LoopPort> port_;
  std::unordered_map<std::string, Host> hosts_;
  std::deque<std::string> queue_;
  std::size_t running_ = 0;
  std::size_t waiting_ = 0;
  std::uint64_t generation_ = 0;
  // Keeps Loop::run from returning while callers wait for nothing but another thread.
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_;
};

}  // namespace troupe::net

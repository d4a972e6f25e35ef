#include "runtime/net/resolver.h"

#include "runtime/base/context.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <netdb.h>
#include <sys/socket.h>
#include <system_error>
#include <thread>

#include <fmt/format.h>

namespace troupe::net {
namespace {

using namespace std::chrono_literals;

constexpr auto kFresh = 60s;
constexpr auto kUsable = 10min;
constexpr std::size_t kHosts = 1024;    // names remembered
constexpr std::size_t kAddresses = 16;  // of one name

Error lookup_error(const std::string& host, int code, int os_error) {
  const char* why = code == EAI_SYSTEM ? std::strerror(os_error) : gai_strerror(code);
  Error error{ErrorCode::network, fmt::format("resolve {}: {}", host, why)};
  error.retryable = code != EAI_NONAME && code != EAI_FAIL;
#ifdef EAI_NODATA
  error.retryable = error.retryable && code != EAI_NODATA;
#endif
  return error;
}

}  // namespace

Result<std::vector<Address>> Resolver::system(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  errno = 0;
  if (const int code = getaddrinfo(host.c_str(), nullptr, &hints, &list); code != 0)
    return fail(lookup_error(host, code, errno));
  std::vector<Address> addresses;
  for (const addrinfo* one = list; one && addresses.size() < kAddresses; one = one->ai_next) {
    auto address = Address::from(one->ai_addr);
    if (address && std::ranges::find(addresses, *address) == addresses.end()) addresses.push_back(*address);
  }
  freeaddrinfo(list);
  if (addresses.empty()) return fail(lookup_error(host, EAI_NONAME, 0));
  return addresses;
}

Resolver::Resolver(Loop& loop, Lookup lookup, std::size_t lookups_max)
    : loop_(loop),
      lookup_(std::move(lookup)),
      lookups_max_(lookups_max),
      port_(std::make_shared<LoopPort>(loop)) {}

Resolver::~Resolver() {
  port_->close();
}

std::optional<Resolved> Resolver::known(const std::string& host) {
  const auto entry = hosts_.find(host);
  if (entry == hosts_.end() || !entry->second.resolved.addresses) return std::nullopt;
  const auto age = loop_.clock().now() - entry->second.at;
  if (age > kUsable) return std::nullopt;
  Resolved resolved = entry->second.resolved;
  if (age > kFresh && !entry->second.looking) look_up(host);
  return resolved;
}

Task<Result<Resolved>> Resolver::resolve(std::string host, Stop& stop) {
  if (auto resolved = known(host)) co_return *resolved;
  if (stop.requested()) co_return fail(stopped("resolve " + host, stop.reason()));
  Waiter waiter(loop_);
  if (!hosts_[host].looking) look_up(host);
  hosts_[host].waiters.push_back(&waiter);
  if (waiting_++ == 0) work_.emplace(boost::asio::make_work_guard(loop_.context()));
  auto hook = stop.on_request([&] {
    waiter.set(fail(stopped("resolve " + host, stop.reason())));
    leave(host, &waiter);
  });
  Result<Resolved> answer = co_await waiter.wait();
  leave(host, &waiter);
  if (--waiting_ == 0) work_.reset();
  co_return answer;
}

/// Nobody waits for a name that is only queued: it is not looked up at all.
void Resolver::leave(const std::string& host, Waiter* waiter) {
  const auto entry = hosts_.find(host);
  if (entry == hosts_.end()) return;
  if (std::erase(entry->second.waiters, waiter) == 0 || !entry->second.waiters.empty()) return;
  if (std::erase(queue_, host) == 0) return;
  entry->second.looking = false;
  if (!entry->second.resolved.addresses) hosts_.erase(entry);
}

void Resolver::look_up(const std::string& host) {
  hosts_[host].looking = true;
  queue_.push_back(host);
  start_next();
}

void Resolver::start_next() {
  while (running_ < lookups_max_ && !queue_.empty()) {
    const std::string host = std::move(queue_.front());
    queue_.pop_front();
    ++running_;
    auto body = [this, port = port_, lookup = lookup_, host] {
      port->post([this, host, answer = lookup(host)]() mutable { finish(host, std::move(answer)); });
    };
    try {
      std::thread(std::move(body)).detach();
    } catch (const std::system_error& e) {
      // Later, as any answer: callers are not resumed on the stack of their own request.
      Error error{ErrorCode::network,
                  fmt::format("resolve {}: no thread for the look-up: {}", host, e.what()), true};
      port_->post([this, host, error] { finish(host, fail(error)); });
    }
  }
}

void Resolver::finish(const std::string& host, Result<std::vector<Address>> answer) {
  --running_;
  Host& entry = hosts_[host];
  entry.looking = false;
  if (answer) {
    assert(!answer->empty());
    entry.resolved = {std::make_shared<const std::vector<Address>>(std::move(*answer)), ++generation_};
    entry.at = loop_.clock().now();
  }
  for (Waiter* waiter : std::exchange(entry.waiters, {})) {
    if (answer)
      waiter->set(entry.resolved);
    else
      waiter->set(fail(answer.error()));
  }
  if (!entry.resolved.addresses) hosts_.erase(host);
  evict();
  start_next();
}

void Resolver::evict() {
  while (hosts_.size() > kHosts) {
    auto oldest = hosts_.end();
    for (auto entry = hosts_.begin(); entry != hosts_.end(); ++entry) {
      if (entry->second.looking) continue;
      if (oldest == hosts_.end() || entry->second.at < oldest->second.at) oldest = entry;
    }
    if (oldest == hosts_.end()) return;
    hosts_.erase(oldest);
  }
}

}  // namespace troupe::net

#pragma once

#include "runtime/async/loop.h"
#include "runtime/base/clock.h"

#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// What the service manager that started this process is told of it: systemd's protocol sd_notify(3), one
/// datagram a notice to the socket that NOTIFY_SOCKET names. Where nothing does, nothing is sent. A manager
/// that cannot be reached is no error: the service goes on without it. Loop thread only.
class ServiceNotice {
 public:
  /// Where it is told, and how often it wants to hear.
  struct Address {
    std::string socket;  ///< a path, or "@" and an abstract name; "": there is none
    std::optional<Milliseconds> watchdog;
  };
  /// Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and takes them out of the environment, so that no
  /// child speaks for us. Before threads are started.
  static Address from_environment();

  /// `loop` outlives it.
  ServiceNotice(Loop& loop, Address address) : loop_(loop), address_(std::move(address)) {}
  ServiceNotice(ServiceNotice&&) = delete;  // its alarm knows where it is
  ServiceNotice& operator=(ServiceNotice&&) = delete;

  /// It serves; from now on the watchdog, where there is one, hears of it twice in its time: a loop that does
  /// not come round is not told of.
  void ready(std::string_view status);
  /// What it does now, for people (`systemctl status`).
  void status(std::string_view text) { send("STATUS=" + std::string(text)); }
  void stopping() { send("STOPPING=1\nSTATUS=stopping"); }

  /// How often the manager wants to hear of us; nothing where it does not.
  std::optional<Milliseconds> watchdog() const { return address_.watchdog; }

 private:
  void send(const std::string& notice) const;
  void live();

  Loop& loop_;
  const Address address_;
  Loop::Alarm next_;
};

}  // namespace troupe

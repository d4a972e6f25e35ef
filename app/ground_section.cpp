#include "app/ground_section.h"

#include "runtime/config/collections.h"
#include "runtime/config/hosts.h"
#include "runtime/config/scalars.h"

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

namespace troupe::app {

using config::Record;

namespace {

constexpr std::size_t kAddressesMax = 256;

std::string network_problem(std::string_view written) {
  boost::system::error_code ignored;
  std::string text(written);
  if (config::valid_host(written)) return "";
  if (text.find('/') == std::string::npos)
    return "write an address, a host name or a block such as `10.0.0.0/8`";
  boost::asio::ip::make_network_v4(text, ignored);
  if (!ignored) return "";
  boost::asio::ip::make_network_v6(text, ignored);
  return ignored ? "it is not a block of addresses such as `10.0.0.0/8`" : "";
}

std::string proxy_problem(std::string_view written) {
  for (std::string_view scheme :
       {"http://", "https://", "socks5://", "socks5h://", "socks4://", "socks4a://"})
    if (written.starts_with(scheme) && written.size() > scheme.size()) return "";
  return "it must start with `http://`, `https://`, `socks5://` or `socks5h://`";
}

constexpr std::chrono::hours kKeepMost{24 * 365 * 20};

}  // namespace

Record<LogSettings> log_section() {
  using log::Format;
  using log::Level;
  Record<LogSettings> section("What goes to stderr");
  section.field(
      "level", &LogSettings::level,
      config::one_of<Level>({{{"debug", ""}, {"info", ""}, {"warn", ""}, {"error", ""}, {"off", ""}}, {}},
                            {Level::debug, Level::info, Level::warn, Level::error, Level::off}),
      "the least important events that are written");
  section.field("format", &LogSettings::format,
                config::one_of<Format>(
                    {{{"auto", "text on a terminal, JSON lines otherwise"}, {"text", ""}, {"json", ""}}, {}},
                    {Format::automatic, Format::text, Format::json}),
                "how events are written");
  return section;
}

Record<store::StoreSettings> store_section() {
  using store::StoreSettings;
  using store::Sync;
  Record<StoreSettings> section("Where conversations are kept");
  section.field("path", &StoreSettings::path, config::path(),
                "a folder, made if absent; without it $XDG_STATE_HOME/troupe, ~/.local/state/troupe or "
                "$STATE_DIRECTORY");
  section.field(
      "sync", &StoreSettings::sync,
      config::one_of<Sync>({{{"normal", "safe against any crash of the process"},
                             {"barriers", "accepted, dispatched and finished also against power loss"},
                             {"full", "everything also against power loss"}},
                            {}},
                           {Sync::normal, Sync::barriers, Sync::full}),
      "when commits reach the disk");
  section.field("forget_after", &StoreSettings::forget_after,
                config::duration(std::chrono::milliseconds(0), kKeepMost),
                "conversations that nobody has gone on with for so long are deleted, with their runs, by the "
                "daemon; what they used stays in the ledger. 0: everything is kept");
  section.field("compact_after", &StoreSettings::compact_after,
                config::duration(std::chrono::milliseconds(0), kKeepMost),
                "of runs that ended so long ago the daemon drops what only it needs (requests, raw replies): "
                "events, answers and usage stay, but such a run cannot be replayed, forked or resumed any "
                "more. 0: everything is kept");
  return section;
}

Record<net::NetworkSettings> network_section() {
  using net::NetworkSettings;
  Record<NetworkSettings> section("How the daemon reaches others");
  section
      .field("proxy", &NetworkSettings::proxy,
             config::line({.expected = "a proxy URL", .check = proxy_problem}),
             "the proxy for everything outbound; environment variables are not read")
      .secret();  // it may hold a password
  section.field("ca", &NetworkSettings::ca_file, config::path(config::There::file),
                "certificates to trust, PEM; without it the system's");
  section.field("allow_private", &NetworkSettings::allow_private,
                config::list_of(config::line({.expected = "a private address", .check = network_problem}),
                                "a list of addresses", kAddressesMax),
                "private hosts, addresses and blocks that tools may reach");
  return section;
}

std::string default_store_path(const config::Environment& environment) {
  auto absolute = [&](const char* name) {
    auto value = environment.variable(name);
    return value && value->starts_with('/') ? *value : std::string();
  };
  // The XDG base directory specification tells to ignore a relative path.
  if (std::string state = absolute("XDG_STATE_HOME"); !state.empty()) return state + "/troupe";
  if (std::string home = absolute("HOME"); !home.empty()) return home + "/.local/state/troupe";
  std::string directory = absolute("STATE_DIRECTORY");  // systemd.exec(5): a list, separated by colons
  return directory.substr(0, directory.find(':'));
}

}  // namespace troupe::app

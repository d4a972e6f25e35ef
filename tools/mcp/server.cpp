#include "tools/mcp/server.h"

#include "runtime/telemetry/log.h"
#include "tools/mcp/said.h"
#include "tools/mcp/server_link.h"
#include "tools/mcp/transport/http_transport.h"
#include "tools/mcp/transport/stdio_transport.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::tools::mcp {

namespace {

constexpr Milliseconds kBreath{100};      // between two subscriptions at least
constexpr std::size_t kWhyShown = 1'000;  // bytes of why it is not reachable

std::optional<Era> era_of(const std::string& protocol) {
  if (protocol == kLegacyVersion) return Era::legacy;
  if (protocol == kModernVersion) return Era::modern;
  return std::nullopt;
}

Secrets secrets_of(const ServerSettings& settings) {
  Secrets secrets;
  for (const auto& [name, value] : settings.env) secrets.add(value);
  for (const auto& [name, value] : settings.headers) {
    secrets.add(value);
    secrets.add(std::string_view(value).substr(value.find_last_of(' ') + 1));  // of "Bearer KEY"
  }
  return secrets;
}

Secrets hidden_of(const ServerSettings& settings) {
  Secrets hidden;
  for (const std::string& value : settings.hidden) hidden.add(value);
  return hidden;
}

bool tells_of_changes(const Json& capabilities, std::string_view list) {
  const Json* one = find(capabilities, list);
  const Json* changes = one ? find(*one, "listChanged") : nullptr;
  return changes && *changes == true;
}

}  // namespace

Server::Server(ServerServices services, ServerSettings settings)
    : services_(std::move(services)),
      loop_(services_.loop),
      settings_(std::move(settings)),
      nursery_(loop_),
      era_(era_of(settings_.protocol)),
      secrets_(secrets_of(settings_)),
      hidden_(hidden_of(settings_)) {}
Server::~Server() = default;

void Server::start() {
  nursery_.spawn("an MCP server", [this] { return live(); });
}

Task<> Server::close() {
  closing_.request(StopReason::shutdown);
  co_await nursery_.join();
  down("it was ended");
}

Task<> Server::settled(Milliseconds patience) {
  if (tried_) co_return;
  OneShot<bool> tried(loop_);
  const auto place = waiters_.insert(waiters_.end(), &tried);
  const auto alarm = loop_.at(loop_.clock().now() + patience, [&tried] { tried.set(false); });
  co_await tried.wait();
  waiters_.erase(place);
}

bool Server::reachable() const {
  return link_ && link_->session.is_open() && !link_->leaving;
}

std::string Server::state() const {
  if (!reachable())
    return "not reachable: " + (link_ && link_->leaving ? redact(link_->why.message, secrets_) : why_down_);
  const std::string name = redact(link_->session.server_name(), hidden_);
  return fmt::format("connected ({}{}{})", link_->session.version(), name.empty() ? "" : ", ", name);
}

Task<> Server::live() {
  Milliseconds backoff = services_.patience.backoff_first;
  while (!closing_.requested()) {
    const Instant began = loop_.clock().now();
    co_await connect();
    if (closing_.requested()) break;
    if (loop_.clock().now() - began > bounds::kSteady) backoff = services_.patience.backoff_first;
    // A server that falls at once is not started without a breath between, whoever waits for it.
    if (!co_await loop_.sleep_for(services_.patience.backoff_first, closing_)) break;
    if (waiters_.empty()) {
      Stop pause(closing_);
      pause_ = &pause;
      co_await loop_.sleep_for(backoff - services_.patience.backoff_first, pause);
      pause_ = nullptr;
    }
    backoff = std::min(backoff * 2, services_.patience.backoff_max);
  }
}

Task<> Server::connect() {
  auto link = std::make_shared<Link>(SessionSettings{.client_version = services_.client_version,
                                                     .era = era_,
                                                     .cancels_by_closing = settings_.over_http(),
                                                     .elicits = settings_.elicitation == "defaults"},
                                     closing_);
  TransportEvents& events = *this;
  if (settings_.over_http())
    link->transport = std::make_unique<HttpTransport>(loop_, services_.http, settings_, events);
  else
    link->transport = std::make_unique<StdioTransport>(loop_, settings_, events);
  link_ = link;  // what starts may have something to say at once
  if (auto started = link->transport->start(); !started) {
    link_ = nullptr;
    co_return down(started.error().message);
  }
  const bool opened = co_await open(*link);
  if (opened) {
    era_ = link->session.era();
    hear_changes(*link);
    co_await list_tools(link);
    if (reachable() && std::exchange(told_down_, false))
      log::info("an MCP server is reachable now", {{"server", settings_.name}, {"state", state()}});
    for (OneShot<bool>* waiter : waiters_) waiter->set(true);
    tried_ = true;
    OneShot<bool> over(loop_);
    const auto hook = link->over.on_request([&over] { over.set(true); });
    co_await over.wait();
  }
  if (!opened) era_ = era_of(settings_.protocol);  // it may have become another one
  const Error why = closing_.requested() ? Error{ErrorCode::cancelled, "it is being ended"} : link->why;
  link->session.lost(why);
  perform(link);
  down(why.message, opened);
  co_await link->transport->close();
  if (link_ == link) link_ = nullptr;
}

Task<bool> Server::open(Link& link) {
  link.session.open();
  perform(link_);
  const bool probes = !era_;
  if (probes && co_await loop_.sleep_for(services_.patience.probe, link.news)) {
    link.session.overdue();
    perform(link_);
  }
  if (!link.news.requested() && co_await loop_.sleep_for(services_.patience.handshake, link.news)) {
    link.session.overdue();
    perform(link_);
  }
  co_return link.session.is_open() && !link.over.requested();
}

Task<> Server::list_tools(std::shared_ptr<Link> link) {
  if (!link->session.capabilities().contains("tools")) {
    take_listing(Json::array(), *link);
    co_return;
  }
  auto call = link->session.collect("tools/list", "tools");
  if (!call) co_return;
  bool resend = false;
  auto listed = co_await wait_for(link, *call, services_.patience.listing, nullptr, resend);
  if (!listed) {
    if (link->over.requested()) co_return;  // which is told of already
    log::warn("an MCP server does not say what tools it has",
              {{"server", settings_.name}, {"why", listed.error().message}});
    if (!listing_) listing_ = std::make_shared<const Listing>();
    co_return;
  }
  if ((*listed)["cut"] == true)
    log::warn("an MCP server lists more tools than are taken", {{"server", settings_.name}});
  take_listing((*listed)["items"], *link);
}

void Server::take_listing(const Json& items, const Link& link) {
  Json shown = items;
  for (Json& item : shown) {
    const Json name = item.is_object() && item.contains("name") ? item["name"] : Json();
    mask(item, hidden_);
    if (!name.is_null()) item["name"] = name;  // it is what the server is asked for
  }
  Listing fresh = read_listing(shown, settings_.over_http());
  fresh.resources = link.session.capabilities().contains("resources");
  fresh.prompts = link.session.capabilities().contains("prompts");
  const bool same = listing_ && listed_ == items && listing_->resources == fresh.resources &&
                    listing_->prompts == fresh.prompts;
  if (same) return;
  for (const std::string& remark : fresh.remarks)
    log::warn("a tool of an MCP server", {{"server", settings_.name}, {"remark", remark}});
  log::info("an MCP server offers tools",
            {{"server", settings_.name}, {"tools", fresh.tools.size()}, {"state", state()}});
  listed_ = items;
  listing_ = std::make_shared<const Listing>(std::move(fresh));
  if (changed_) changed_();
}

void Server::hear_changes(Link& link) {
  // In the legacy era questions come that way, too, whatever the server says of changes.
  if (link.session.era() == Era::legacy) return link.transport->listen();
  if (!tells_of_changes(link.session.capabilities(), "tools")) return;
  const Json filter = {{"toolsListChanged", true}};
  auto listening =
      link.session.call({.method = "subscriptions/listen", .params = {{"notifications", filter}}});
  if (!listening) return;
  link.listening = *listening;
  perform(link_);
}

Task<> Server::hear_again(std::shared_ptr<Link> link) {
  if (!co_await loop_.sleep_for(std::max(services_.patience.relist_floor, kBreath), link->over)) co_return;
  hear_changes(*link);
  co_await relist(link);  // what has changed meanwhile nobody has told
}

Task<> Server::relist(std::shared_ptr<Link> link) {
  if (std::exchange(link->relisting, true)) co_return;
  if (co_await loop_.sleep_until(link->listed_at + services_.patience.relist_floor, link->over)) {
    link->listed_at = loop_.clock().now();
    link->relisting = false;  // a change from now on is another one
    co_await list_tools(link);
  }
}

void Server::down(std::string why, bool was_up) {
  why = one_line(redact(why, secrets_), kWhyShown);
  // Once for each outage and each reason: it is tried again and again.
  if (!closing_.requested() && (was_up || why != why_down_)) {
    log::warn("an MCP server is not reachable", {{"server", settings_.name}, {"why", why}});
    told_down_ = true;
  }
  why_down_ = std::move(why);
  tried_ = true;
  for (OneShot<bool>* waiter : waiters_) waiter->set(false);
}

}  // namespace troupe::tools::mcp

#include "tools/mcp/bounds.h"
#include "tools/mcp/protocol/session.h"
#include "tools/observation.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace troupe::tools::mcp {

namespace {

constexpr std::array<std::string_view, 4> kLegacyVersions = {kLegacyVersion, "2025-06-18", "2025-03-26",
                                                             "2024-11-05"};

bool names(const Json* versions, std::string_view wanted) {
  return versions && versions->is_array() &&
         std::ranges::any_of(*versions, [&](const Json& one) { return one == wanted; });
}

}  // namespace

void Session::open() {
  if (settings_.era == Era::legacy) return send_initialize();
  send_discover(std::string(kModernVersion));
}

void Session::send_discover(std::string version) {
  state_ = State::discovering;
  era_ = Era::modern;
  version_ = std::move(version);
  send({.kind = Kind::discover, .call = ++last_call_, .request = {.method = "server/discover"}});
}

void Session::send_initialize() {
  state_ = State::initializing;
  era_ = Era::legacy;
  version_.clear();
  const Json params = {{"protocolVersion", kLegacyVersion},
                       {"capabilities", client_capabilities()},
                       {"clientInfo", client_info()}};
  send({.kind = Kind::initialize,
        .call = ++last_call_,
        .request = {.method = "initialize", .params = params}});
}

void Session::overdue() {
  if (state_ == State::discovering && !settings_.era) {
    for (const auto& [id, pending] : std::exchange(pending_, {})) actions_.push_back(Abandon{pending.call});
    return send_initialize();
  }
  if (state_ == State::discovering || state_ == State::initializing)
    end({.code = ErrorCode::timeout, .message = "the server did not answer in time", .retryable = true});
}

void Session::opened_modern(const Json& result) {
  // Servers of the legacy era that answer whatever they are asked exist: an answer alone says nothing.
  if (!names(find(result, "supportedVersions"), kModernVersion))
    return fall_back("it does not list the version " + std::string(kModernVersion));
  note_server(result);
  version_ = kModernVersion;
  state_ = State::open;
  actions_.push_back(Opened{});
}

void Session::not_discovered(const RpcError& error) {
  if (error.code == kUnsupportedVersion && names(find(error.data, "supported"), kModernVersion) &&
      !version_retried_) {
    version_retried_ = true;
    return send_discover(std::string(kModernVersion));
  }
  // Both are of the modern era alone: what it wants is something that no other opening would give it.
  if (error.code == kHeaderMismatch || error.code == kMissingCapability)
    return end({ErrorCode::protocol, "the server refused to begin: " + text_of(error)});
  fall_back(text_of(error));
}

void Session::fall_back(std::string_view why) {
  if (settings_.era)
    return end({ErrorCode::protocol, fmt::format("the server does not speak {}, as its entry says: {}",
                                                 kModernVersion, beginning(why, bounds::kErrorText))});
  send_initialize();
}

void Session::opened_legacy(const Json& result) {
  std::string version = string_or(result, "protocolVersion");
  if (std::ranges::find(kLegacyVersions, version) == kLegacyVersions.end())
    return end(
        {ErrorCode::protocol, fmt::format("the server speaks version `{}` of MCP; versions {} are understood",
                                          beginning(version, 64), fmt::join(kLegacyVersions, ", "))});
  note_server(result);
  version_ = std::move(version);
  state_ = State::open;
  actions_.push_back(Send{.text = notification_text("notifications/initialized", nullptr),
                          .method = "notifications/initialized",
                          .version = version_});
  actions_.push_back(Opened{});
}

void Session::note_server(const Json& result) {
  if (const Json* capabilities = find(result, "capabilities"); capabilities && capabilities->is_object())
    capabilities_ = *capabilities;
  if (const Json* info = find(result, "serverInfo"))
    server_name_ = fmt::format("{} {}", beginning(string_or(*info, "name", "?"), bounds::kNameBytes),
                               beginning(string_or(*info, "version", "?"), bounds::kNameBytes));
}

Json Session::client_capabilities() const {
  Json capabilities = Json::object();
  if (settings_.elicits) capabilities["elicitation"] = {{"form", Json::object()}};
  return capabilities;
}

Json Session::client_info() const {
  return {{"name", settings_.client_name}, {"version", settings_.client_version}};
}

}  // namespace troupe::tools::mcp

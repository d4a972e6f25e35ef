#pragma once

#include "tools/mcp/protocol/session.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace troupe::fakes {

/// A session, and the server it talks to as a script: what the session sent is looked at, what the server
/// says is handed in.
struct SessionScript {
  explicit SessionScript(tools::mcp::SessionSettings settings = {}) : session(std::move(settings)) {}

  /// Runs what is to be done into the members below.
  void settle() {
    for (tools::mcp::Action& action : session.take()) {
      if (auto* send = std::get_if<tools::mcp::Send>(&action)) sent.push_back(std::move(*send));
      if (auto* answer = std::get_if<tools::mcp::Answer>(&action)) answers.push_back(std::move(*answer));
      if (auto* some = std::get_if<tools::mcp::Progress>(&action)) progress.push_back(std::move(*some));
      if (auto* left = std::get_if<tools::mcp::Abandon>(&action)) abandoned.push_back(left->call);
      if (std::get_if<tools::mcp::Opened>(&action)) ++opened;
      if (auto* failed = std::get_if<tools::mcp::Failed>(&action)) failures.push_back(failed->why.message);
      if (auto* list = std::get_if<tools::mcp::ListChanged>(&action)) changed.push_back(list->list);
      if (auto* said = std::get_if<tools::mcp::Remark>(&action)) remarks.push_back(said->text);
    }
  }
  void open() {
    session.open();
    settle();
  }
  void says(const std::string& text) {
    session.receive(text);
    settle();
  }
  void says(const Json& message) { says(dump(message)); }
  void result(const Json& id, Json value) {
    says({{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(value)}});
  }
  void error(const Json& id, int code, const std::string& message, Json data = nullptr) {
    Json failure = {{"code", code}, {"message", message}};
    if (!data.is_null()) failure["data"] = std::move(data);
    says({{"jsonrpc", "2.0"}, {"id", id}, {"error", std::move(failure)}});
  }
  void notifies(const std::string& method, Json params = Json::object()) {
    says({{"jsonrpc", "2.0"}, {"method", method}, {"params", std::move(params)}});
  }
  /// The last message that was sent.
  Json last() const {
    REQUIRE(!sent.empty());
    return *parse_json(sent.back().text);
  }
  Json last_id() const { return last()["id"]; }
  tools::mcp::CallId call(tools::mcp::Request request) {
    auto made = session.call(std::move(request));
    REQUIRE(made);
    settle();
    return *made;
  }

  /// Through the opening of a server of 2025-11-25.
  void open_legacy(Json capabilities = {{"tools", Json::object()}}) {
    open();
    error(last_id(), -32601, "Method not found");
    result(last_id(), {{"protocolVersion", "2025-11-25"},
                       {"capabilities", std::move(capabilities)},
                       {"serverInfo", {{"name", "scripted"}, {"version", "1"}}}});
    REQUIRE(opened == 1);
  }
  void open_modern() {
    open();
    result(last_id(), {{"supportedVersions", {"2026-07-28"}}, {"capabilities", {{"tools", Json::object()}}}});
    REQUIRE(opened == 1);
  }

  tools::mcp::Session session;
  std::vector<tools::mcp::Send> sent;
  std::vector<tools::mcp::Answer> answers;
  std::vector<tools::mcp::Progress> progress;
  std::vector<tools::mcp::CallId> abandoned;
  std::vector<std::string> failures;
  std::vector<tools::mcp::ListChanged::List> changed;
  std::vector<std::string> remarks;
  int opened = 0;
};

}  // namespace troupe::fakes

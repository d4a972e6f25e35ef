#pragma once

#include "runtime/base/json.h"
#include "runtime/net/ws_client.h"
#include "tests/fakes/run_loop.h"

#include <memory>
#include <string>
#include <vector>

namespace troupe::e2e {

/// A WebSocket chat client for tests: each call blocks until it has what it asked for.
class ChatClient {
 public:
  explicit ChatClient(Loop& loop, const std::string& url, std::string token = "") : loop_(loop) {
    net::WsConnect how;
    how.url = url + "/v1/chat";
    how.subprotocol = "troupe.v1";
    if (!token.empty()) how.headers.emplace_back("Authorization", "Bearer " + token);
    auto made = fakes::run(loop_, net::connect_websocket(loop_, std::move(how), stop_));
    if (!made) throw std::runtime_error(made.error().message);
    connection_ = std::move(*made);
  }
  ~ChatClient() {
    if (connection_) connection_->drop();
  }

  void send(const Json& frame) { send_text(dump(frame)); }
  void send_text(std::string text) {
    if (!fakes::run(loop_, net::send_text(*connection_, std::move(text))))
      throw std::runtime_error("the daemon closed the connection");
  }

  /// The next frame, whatever it is.
  Json next() {
    auto message = fakes::run(loop_, connection_->read(stop_));
    if (!message) throw std::runtime_error(message.error().message);
    return *parse_json(message->data);
  }
  /// Frames up to and with the first of `type`.
  std::vector<Json> until(const std::string& type) {
    std::vector<Json> frames;
    do frames.push_back(next());
    while (string_or(frames.back(), "type") != type);
    return frames;
  }

  /// Opens a session ("" = new) and returns its id.
  std::string open(const std::string& session = "", const std::string& target = "") {
    Json frame = {{"type", "open"}};
    if (!session.empty()) frame["session"] = session;
    if (!target.empty()) frame["target"] = target;
    send(frame);
    return string_or(until("session.opened").back(), "session");
  }

  /// Sends a message and returns the frames of its run, from its ack to run.finished.
  std::vector<Json> ask(const std::string& id, const std::string& text) {
    send({{"type", "message"}, {"id", id}, {"text", text}});
    return until("run.finished");
  }

 private:
  Loop& loop_;
  Stop stop_;
  std::unique_ptr<net::WsConnection> connection_;
};

/// The one frame of `type` in a list; null when there is none.
inline Json frame_of(const std::vector<Json>& frames, const std::string& type) {
  for (const Json& frame : frames)
    if (string_or(frame, "type") == type) return frame;
  return nullptr;
}

/// Types of the journaled frames, in order.
inline std::vector<std::string> journaled(const std::vector<Json>& frames) {
  std::vector<std::string> types;
  for (const Json& frame : frames)
    if (find(frame, "seq")) types.push_back(string_or(frame, "type"));
  return types;
}

}  // namespace troupe::e2e

#include "tests/fakes/chat_client.h"

#include <stdexcept>

#include <fmt/format.h>

namespace troupe::fakes {

Task<> ChatClient::connect(std::uint16_t port, std::vector<std::pair<std::string, std::string>> headers) {
  return connect(fmt::format("http://127.0.0.1:{}", port), std::move(headers));
}

Task<> ChatClient::connect(std::string address, std::vector<std::pair<std::string, std::string>> headers) {
  Stop never;
  net::WsConnect how;
  how.url = std::move(address) + "/v1/chat";
  how.headers = std::move(headers);
  how.subprotocol = "troupe.v1";
  auto connected = co_await net::connect_websocket(loop_, std::move(how), never);
  if (!connected) throw std::runtime_error(connected.error().message);
  socket_ = std::move(*connected);
}

Task<> ChatClient::send(std::string frame) {
  auto sent = co_await net::send_text(*socket_, std::move(frame));
  if (!sent) throw std::runtime_error(sent.error().message);
}

Task<Result<Json>> ChatClient::read() {
  Stop never;
  auto message = co_await socket_->read(never);
  if (!message) co_return fail(message.error());
  auto frame = parse_json(message->data);
  if (!frame) throw std::runtime_error("the daemon sent no JSON: " + message->data);
  if (const Json* seq = find(*frame, "seq")) {
    seqs_.push_back(seq->get<std::int64_t>());
    texts_.push_back(message->data);
  }
  if (string_or(*frame, "type").ends_with(".delta")) ++deltas_;
  co_return std::move(*frame);
}

Task<Json> ChatClient::next() {
  auto frame = co_await read();
  if (!frame) throw std::runtime_error(frame.error().message);
  co_return std::move(*frame);
}

Task<std::vector<Json>> ChatClient::until(std::string type) {
  std::vector<Json> frames;
  do {
    Json frame = co_await next();
    frames.push_back(std::move(frame));
  } while (string_or(frames.back(), "type") != type);
  co_return frames;
}

Task<Json> ChatClient::open(std::string fields) {
  co_await send(R"({"type":"open")" + fields + "}");
  for (;;) {
    Json frame = co_await next();
    if (string_or(frame, "type") == "error") throw std::runtime_error(dump(frame));
    if (string_or(frame, "type") == "session.opened") co_return frame;
  }
}

Task<std::vector<Json>> ChatClient::ask(std::string id, std::string text) {
  co_await send(dump(Json{{"type", "message"}, {"id", std::move(id)}, {"text", std::move(text)}}));
  co_return co_await until("run.finished");
}

Task<std::vector<Json>> ChatClient::rest() {
  std::vector<Json> frames;
  for (;;) {
    auto frame = co_await read();
    if (!frame) co_return frames;
    frames.push_back(std::move(*frame));
  }
}

Task<> ChatClient::close() {
  co_await socket_->close(net::close_code::kNormal, "");
}

Json frame_of(const std::vector<Json>& frames, std::string_view type) {
  for (const Json& frame : frames)
    if (string_or(frame, "type") == type) return frame;
  return nullptr;
}

std::vector<std::string> journaled(const std::vector<Json>& frames) {
  std::vector<std::string> types;
  for (const Json& frame : frames)
    if (find(frame, "seq")) types.push_back(string_or(frame, "type"));
  return types;
}

std::vector<std::int64_t> seqs_of(const std::vector<Json>& frames) {
  std::vector<std::int64_t> seqs;
  for (const Json& frame : frames)
    if (const Json* seq = find(frame, "seq")) seqs.push_back(seq->get<std::int64_t>());
  return seqs;
}

}  // namespace troupe::fakes

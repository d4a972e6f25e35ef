#pragma once

#include "models/providers/reply_reader.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::models {

/// Reads the answer to one POST /v1/messages of Anthropic's API, streamed or whole: text and thinking, calls,
/// and for Message::provider_state what the next request must repeat.
///
/// Ignored: pings, events and deltas of kinds that are not known, citations. Blocks of tools that run at the
/// provider go into the state only.
class AnthropicReply final : public ReplyReader {
 public:
  using ReplyReader::ReplyReader;

 private:
  /// One content block on its way.
  struct Block {
    std::int64_t index = 0;
    std::string type;
    Json received;          ///< as its start came
    std::size_t text = 0;   ///< bytes of the reply's text that are its own
    std::string thinking;   ///< of a thinking block
    std::string signature;  ///< of a thinking block
    std::string input;      ///< of a call: JSON text
    bool whole = false;
  };

  Result<> event(std::string_view type, std::string_view data, std::vector<ReplyDelta>& deltas) override;
  Result<> document(const Json& body, std::vector<ReplyDelta>& deltas) override;
  void complete_reply(ModelReply& reply) override;

  Result<> begin_message(const Json& message);
  void begin_block(std::int64_t index, const Json& content, std::vector<ReplyDelta>& deltas);
  void extend_block(Block& block, const Json& delta, std::vector<ReplyDelta>& deltas);
  void usage(const Json& usage);
  void stopped_by(const Json& holder);
  Block* block_at(const Json& event);
  static Json sent_back(Block& block);

  std::vector<Block> blocks_;
  std::int64_t uncached_ = 0, written_ = 0, read_ = 0;  // input tokens
};

}  // namespace troupe::models

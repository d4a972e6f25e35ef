#pragma once

#include "agents/react/parser/delta_writer.h"
#include "agents/react/parser/json_reader.h"
#include "agents/react/parser/step_object.h"

#include <string>
#include <string_view>

namespace troupe::agents {

/// Reads the JSON that begins at one brace as a step, and writes deltas while its members grow. Whether it is
/// a step at all shows at its end.
class JsonStep : private JsonListener {
 public:
  /// The writer outlives this. `quiet`: no deltas, because the object is not expected to be a step.
  JsonStep(std::size_t begin, DeltaWriter& writer, bool quiet = false);
  JsonStep(const JsonStep&) = delete;
  JsonStep& operator=(const JsonStep&) = delete;

  /// Reads on; see JsonReader. Complete also where the object goes on with an observation of the model's own.
  JsonReader::Status read(std::string_view all, bool at_end);
  /// The object was closed too early and goes on at `position`.
  void reopen(std::size_t position) { reader_.reopen(position); }

  const JsonReader& reader() const { return reader_; }
  /// The thought went out already.
  bool thought_written() const { return thought_written_; }
  /// Some of an answer did.
  bool wrote_answer() const { return wrote_answer_; }
  /// What the complete object means.
  StepObject step(bool weak_answers) const;

 private:
  void on_key(std::size_t depth, std::string_view key) override;
  void on_text(std::size_t depth, std::string_view piece) override;
  void on_value(std::size_t depth, const Json& value) override;
  void name(const Json& value);
  void write_argument();

  JsonReader reader_;
  std::string_view all_;  // valid during read()
  DeltaWriter& writer_;
  bool quiet_;
  StepKey key_ = StepKey::other;  // of the member under way at depth 1
  bool thought_seen_ = false;
  bool thought_written_ = false;
  bool wrote_answer_ = false;
  bool input_seen_ = false;
  bool named_ = false;  // a tool was named
  bool ends_ = false;   // … one that stands for the final answer
  bool answered_ = false;
  std::string blanks_;        // an answer of blanks only is none
  std::size_t argument_ = 0;  // where the unwritten rest of the input begins; 0: not in the input
};

}  // namespace troupe::agents

#pragma once

#include "agents/react/parser/json_string.h"
#include "runtime/base/json.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace troupe::agents {

/// Hears of the parts of a value while it is being read. Depth counts the open containers: the members of the
/// outermost object are at depth 1.
class JsonListener {
 public:
  virtual ~JsonListener() = default;
  /// A key of the object at `depth`; its value follows.
  virtual void on_key(std::size_t, std::string_view) {}
  /// The next piece, decoded, of a string that is a member or element at `depth`.
  virtual void on_text(std::size_t, std::string_view) {}
  /// A finished member or element at `depth`.
  virtual void on_value(std::size_t, const Json&) {}
};

/// Reads one JSON value as models write it, byte by byte, mending what is not JSON and saying what was
/// mended. Valid JSON is read as JSON; a duplicate key keeps its first value. The text is the caller's and
/// only grows: every call is given all of it. Linear in its bytes whatever they are, bounded in depth. Sans
/// I/O.
class JsonReader {
 public:
  enum class Status {
    reading,   ///< more bytes are wanted
    complete,  ///< the outermost container is closed
    failed,    ///< not JSON at all, or nested too deep; see problem()
  };

  /// Reads from `begin`, where the text has `{`, `[` or `(`. `lenient` goes on where the first key shows that
  /// no object was meant. The listener may be null and must outlive the reader.
  explicit JsonReader(std::size_t begin, JsonListener* listener = nullptr, bool lenient = false)
      : position_(begin), begin_(begin), listener_(listener), lenient_(lenient) {}

  /// Reads on in `all`. With `at_end` nothing more will come: what is open is closed, and noted.
  Status read(std::string_view all, bool at_end);

  /// How often a caller may reopen: whoever closes too early does it once or twice, and each time costs anew.
  static constexpr int kReopenings = 4;
  /// Takes back the end of the outermost object: it was closed too early and goes on at `position`.
  void reopen(std::size_t position);
  /// For the listener: read() returns before it looks at another byte.
  void interrupt() { interrupted_ = true; }
  bool interrupted() const { return interrupted_; }
  /// Ends the value where the reader stands, which is not inside a string, as `at_end` would.
  void close_here();

  Status status() const { return status_; }
  std::size_t begin() const { return begin_; }
  /// The first byte that was not read.
  std::size_t position() const { return position_; }
  std::size_t depth() const { return frames_.size(); }
  bool in_string() const { return state_ == State::string; }
  /// It is an object for certain: a member was read, or all of it.
  bool certain() const {
    return status_ == Status::complete ? root_.is_object()
                                       : !frames_.empty() && frames_[0].value.is_object() && !tentative();
  }
  /// The key under which the value at `depth` is being read; empty in an array.
  std::string_view key_at(std::size_t depth) const { return frames_[depth - 1].key; }

  const Json& value() const { return root_; }
  const std::vector<std::string>& repairs() const { return repairs_; }
  /// The text ended before the value did.
  bool cut() const { return cut_; }
  bool too_deep() const { return too_deep_; }
  const std::string& problem() const { return problem_; }
  /// Bytes looked at, the cost of what was read: a small multiple of position() - begin().
  std::size_t work() const { return work_; }

 private:
  enum class State {
    before_value,
    before_key,
    after_key,
    after_value,
    string,
    bare_key,
    bare_value,
    line_comment,
    block_comment,
  };
  struct Frame {
    Json value;
    char closer = '}';
    std::string key;                       // of the member under way
    std::unordered_set<std::string> seen;  // keys so far
  };

  bool step(std::string_view all, bool at_end);
  bool before_value(std::string_view all, bool at_end);
  bool before_key(std::string_view all, bool at_end);
  bool after_key(std::string_view all, bool at_end);
  bool after_value(std::string_view all, bool at_end);
  bool other_than_comma(std::string_view all, bool at_end);
  bool comment(std::string_view all, bool at_end);
  bool in_comment(std::string_view all);
  bool fence(std::string_view all, bool at_end);
  bool backtick(std::string_view all, bool at_end);

  bool open_string(std::string_view all, bool at_end, QuotePlace::Role role);
  bool string(std::string_view all, bool at_end);
  void hear(std::size_t until);
  bool bare_key(std::string_view all);
  void begin_word();
  bool bare_value(std::string_view all);
  void end_bare_value(std::string_view all);
  void drop_ellipsis();

  bool is_full();
  void open(char opener);
  void close();
  bool close_with(char closer);
  void take_key(std::string key, bool bare);
  void begin_member();
  void open_set();
  void open_member();
  void stray_value(char opener);
  void put(Json value);
  bool skip(std::string_view what);
  void fail(std::string problem);
  void push(Json value, char closer);
  static std::size_t kind(char closer) { return closer == '}' ? 0 : closer == ']' ? 1 : 2; }
  bool encloses(char closer) const { return open_[kind(closer)] > 0; }
  bool in_object() const { return frames_.back().value.is_object(); }
  /// No member was read yet, and it was not said that an object is there for certain.
  bool tentative() const { return frames_.size() == 1 && frames_[0].value.empty() && !lenient_; }
  JsonListener* listener() const { return muted_ == 0 ? listener_ : nullptr; }
  void note(std::string_view what) { note_repair(repairs_, what); }

  Status status_ = Status::reading;
  State state_ = State::before_value;
  State resume_ = State::before_value;  // after a comment
  std::size_t position_;
  std::size_t begin_;
  JsonListener* listener_;
  bool lenient_;
  bool interrupted_ = false;
  bool cut_ = false;
  bool too_deep_ = false;
  std::vector<Frame> frames_;
  int open_[3] = {};  // how many of them, by kind
  Json root_;
  std::vector<std::string> repairs_;
  std::string problem_;
  std::size_t work_ = 0;
  bool comma_ = false;     // the last thing in this container was a comma
  std::size_t muted_ = 0;  // the depth of a duplicate member, of which the listener hears nothing; 0: none

  JsonString string_;  // under way in State::string
  QuotePlace::Role role_ = QuotePlace::Role::alone;
  std::size_t heard_ = 0;     // bytes of it the listener was given
  std::size_t word_ = 0;      // where the bare word begins
  bool word_spaced_ = false;  // it has a blank
  bool bare_ = false;         // the key was not quoted
  int braces_ = 0;            // open in the bare word
  int fences_ = 0;            // opened inside the value
  bool slash_ = false;        // in a block comment, after its `*`
};

}  // namespace troupe::agents

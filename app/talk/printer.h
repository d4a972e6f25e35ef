#pragma once

#include "runtime/base/json.h"

#include <cstdio>
#include <string>

namespace troupe::app {

enum class Show {
  answer,  ///< the answer on stdout, nothing else
  trace,   ///< also thoughts, actions and observations on stderr
  json,    ///< every event, one JSON object a line on stdout
  chat,    ///< for a person at a terminal: the answer as it streams, tool calls in short
};

/// Of whom an event is: of the run that is followed, or of a member of its team.
enum class Whose { run, member };

/// Writes a run's events for people or programs.
class Printer {
 public:
  /// Colours when `err` is a terminal and NO_COLOR is not set (https://no-color.org).
  Printer(Show show, std::FILE* out, std::FILE* err);

  /// One event as it comes.
  void print(const std::string& text, const Json& event, Whose whose = Whose::run);

 private:
  void print_member(const Json& event, const std::string& type);
  void print_trace(const Json& event, const std::string& type, const std::string& who);
  void print_message(const Json& event);
  void print_chat(const Json& event, const std::string& type);
  void print_approval(const Json& event, const std::string& type, const std::string& who);
  void print_failure(const Json& event);
  void line(const char* colour, const std::string& label, const std::string& text);

  Show show_;
  std::FILE* out_;
  std::FILE* err_;
  bool colour_;
  bool streamed_ = false;  // part of the answer is on the screen
  bool answered_ = false;  // the run at hand has given one
};

/// Text from models and tools as it may be shown on a terminal: control characters are written out, so that
/// they cannot steer it.
std::string printable(const std::string& text);

/// Whether `file` wants colours.
bool wants_colour(std::FILE* file);

}  // namespace troupe::app

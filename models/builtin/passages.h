#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe::models::builtin {

/// A piece of an observation that has one source.
struct Passage {
  std::string title;
  std::string url;
  std::string text;  ///< lines broken for their length are joined
  int number = 0;    ///< under which it is to be cited, as "[3]"; 0: none
};

/// Takes what a search, page or retriever tool answered apart: JSON with titles, addresses and texts, or text
/// in which numbered entries, "Title:" and "Source:" lines, headings and addresses tell the passages apart.
/// Where the first entry is numbered in brackets ("[1] Title — place"), only such numbers begin passages.
/// Everything in it is data. None when the tool says in one line, and perhaps a
/// remark in brackets below, that it has nothing. Linear.
std::vector<Passage> read_passages(std::string_view output);

}  // namespace troupe::models::builtin

#include "models/providers/turns.h"

namespace troupe::models {

namespace {

class Turns {
 public:
  Turns(const TurnForm& form, const std::vector<Message>& messages, Transcript::Rendering& rendering)
      : form_(form), messages_(messages), rendering_(rendering) {}

  void render() {
    if (rendering_.rendered == 0) begin();
    std::string_view last = last_role();
    for (; rendering_.rendered < messages_.size(); ++rendering_.rendered)
      append(form_.parts_of(messages_, rendering_.rendered), role_of(rendering_.rendered), last);
  }

 private:
  void begin() {
    form_.append_system(rendering_.text, messages_);
    rendering_.text += form_.list;
    while (rendering_.rendered < messages_.size() && messages_[rendering_.rendered].role == Role::system)
      ++rendering_.rendered;
  }

  std::string_view role_of(std::size_t at) const {
    return messages_[at].role == Role::assistant ? form_.assistant : "user";
  }

  // "" while there is no turn.
  std::string_view last_role() const {
    if (rendering_.text.ends_with(form_.list)) return "";
    std::size_t count = rendering_.rendered;
    while (count > 0 && form_.parts_of(messages_, count - 1).empty()) --count;
    return count ? role_of(count - 1) : "";
  }

  void append(std::string parts, std::string_view role, std::string_view& last) {
    if (parts.empty()) return;
    parts.pop_back();
    std::string& out = rendering_.text;
    if (role == last) {
      out.resize(out.size() - 2);  // "]}"
      out += ',';
    } else {
      if (!last.empty())
        out += ',';
      else if (role == form_.assistant)
        out += form_.opening;
      out += R"({"role":")";
      out += role;
      out += R"(",")";
      out += form_.parts;
      out += R"(":[)";
    }
    out += parts;
    out += "]}";
    last = role;
  }

  const TurnForm& form_;
  const std::vector<Message>& messages_;
  Transcript::Rendering& rendering_;
};

}  // namespace

const std::string& render_turns(const Transcript& transcript, std::string_view dialect,
                                const TurnForm& form) {
  Transcript::Rendering& rendering = transcript.rendering(dialect);
  Turns(form, transcript.messages(), rendering).render();
  return rendering.text;
}

}  // namespace troupe::models

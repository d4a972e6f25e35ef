#pragma once

#include <string_view>

/// The words with which models label the parts of a step, in the formats and languages they write. Data only:
/// a language is added by adding its lines. Lower case; a blank also stands for `_` or `-`; digits are left
/// out.
namespace troupe::agents {

enum class Label {
  thought,
  action,
  input,        ///< of the action
  observation,  ///< only tools write it: behind it the model makes things up
  answer,       ///< final
  weak_answer,  ///< final, but also an ordinary word of prose
  question,     ///< the beginning of a (made-up) new turn
  reply,        ///< `AI:`, behind which a conversational agent answers
  speaker,      ///< who speaks; says nothing about what follows
  follow_up,    ///< self-ask: a question for the tool
};

/// Labels that stand for a step's part wherever they begin a line, and not also for ordinary words.
constexpr bool is_strong(Label label) {
  return label == Label::thought || label == Label::action || label == Label::input ||
         label == Label::observation || label == Label::answer;
}

struct LabelWord {
  std::string_view word;
  Label label;
};

inline constexpr LabelWord kLabelWords[] = {
    // English: ReAct, LangChain, LlamaIndex, CrewAI, self-ask
    {"thought", Label::thought},
    {"thoughts", Label::thought},
    {"thinking", Label::thought},
    {"reasoning", Label::thought},
    {"are follow up questions needed here", Label::thought},
    {"action", Label::action},
    {"actions", Label::action},
    {"tool", Label::action},
    {"action input", Label::input},
    {"actioninput", Label::input},
    {"action inputs", Label::input},
    {"tool input", Label::input},
    {"observation", Label::observation},
    {"observations", Label::observation},
    {"tool output", Label::observation},
    {"intermediate answer", Label::observation},
    {"final answer", Label::answer},
    {"finalanswer", Label::answer},
    {"final response", Label::answer},
    {"so the final answer is", Label::answer},
    {"the final answer is", Label::answer},
    {"final answer is", Label::answer},
    {"answer", Label::weak_answer},
    {"ai", Label::reply},
    {"question", Label::question},
    {"human", Label::question},
    {"user", Label::question},
    {"assistant", Label::speaker},
    {"follow up", Label::follow_up},
    {"follow up question", Label::follow_up},
    {"followup", Label::follow_up},

    // Korean
    {"생각", Label::thought},
    {"사고", Label::thought},
    {"행동", Label::action},
    {"동작", Label::action},
    {"액션", Label::action},
    {"도구", Label::action},
    {"행동 입력", Label::input},
    {"행동입력", Label::input},
    {"동작 입력", Label::input},
    {"동작입력", Label::input},
    {"액션 입력", Label::input},
    {"도구 입력", Label::input},
    {"관찰", Label::observation},
    {"관측", Label::observation},
    {"관찰 결과", Label::observation},
    {"최종 답변", Label::answer},
    {"최종답변", Label::answer},
    {"최종 답", Label::answer},
    {"최종 응답", Label::answer},
    {"최종 대답", Label::answer},
    {"답변", Label::weak_answer},
    {"질문", Label::question},

    // Chinese, simplified and traditional
    {"思考", Label::thought},
    {"想法", Label::thought},
    {"行动", Label::action},
    {"动作", Label::action},
    {"行動", Label::action},
    {"動作", Label::action},
    {"工具", Label::action},
    {"行动输入", Label::input},
    {"动作输入", Label::input},
    {"行動輸入", Label::input},
    {"動作輸入", Label::input},
    {"工具输入", Label::input},
    {"观察", Label::observation},
    {"观察结果", Label::observation},
    {"觀察", Label::observation},
    {"觀察結果", Label::observation},
    {"最终答案", Label::answer},
    {"最终回答", Label::answer},
    {"最終答案", Label::answer},
    {"最終回答", Label::answer},
    {"答案", Label::weak_answer},
    {"问题", Label::question},
    {"問題", Label::question},

    // Japanese
    {"考え", Label::thought},
    {"思考過程", Label::thought},
    {"アクション", Label::action},
    {"ツール", Label::action},
    {"行動入力", Label::input},
    {"行動の入力", Label::input},
    {"アクション入力", Label::input},
    {"アクションの入力", Label::input},
    {"アクションインプット", Label::input},
    {"観察", Label::observation},
    {"観察結果", Label::observation},
    {"最終的な回答", Label::answer},
    {"最終的な答え", Label::answer},
    {"最終的な答", Label::answer},
    {"回答", Label::weak_answer},
    {"答え", Label::weak_answer},
    {"質問", Label::question},

    // German
    {"gedanke", Label::thought},
    {"gedanken", Label::thought},
    {"überlegung", Label::thought},
    {"aktion", Label::action},
    {"handlung", Label::action},
    {"aktionseingabe", Label::input},
    {"aktions eingabe", Label::input},
    {"eingabe der aktion", Label::input},
    {"eingabe für aktion", Label::input},
    {"handlungseingabe", Label::input},
    {"beobachtung", Label::observation},
    {"endgültige antwort", Label::answer},
    {"finale antwort", Label::answer},
    {"abschließende antwort", Label::answer},
    {"endantwort", Label::answer},
    {"antwort", Label::weak_answer},
    {"frage", Label::question},

    // French
    {"pensée", Label::thought},
    {"réflexion", Label::thought},
    {"entrée de l'action", Label::input},
    {"entrée de l’action", Label::input},
    {"entrée d'action", Label::input},
    {"entrée action", Label::input},
    {"entrée de l'outil", Label::input},
    {"réponse finale", Label::answer},
    {"réponse", Label::weak_answer},

    // Spanish
    {"pensamiento", Label::thought},
    {"acción", Label::action},
    {"entrada de la acción", Label::input},
    {"entrada de acción", Label::input},
    {"entrada acción", Label::input},
    {"observación", Label::observation},
    {"respuesta final", Label::answer},
    {"respuesta", Label::weak_answer},
    {"pregunta", Label::question},

    // Portuguese
    {"pensamento", Label::thought},
    {"ação", Label::action},
    {"entrada da ação", Label::input},
    {"entrada de ação", Label::input},
    {"observação", Label::observation},
    {"resposta final", Label::answer},
    {"resposta", Label::weak_answer},
    {"pergunta", Label::question},

    // Italian
    {"pensiero", Label::thought},
    {"azione", Label::action},
    {"input dell'azione", Label::input},
    {"input azione", Label::input},
    {"osservazione", Label::observation},
    {"risposta finale", Label::answer},
    {"risposta", Label::weak_answer},
    {"domanda", Label::question},

    // Dutch
    {"gedachte", Label::thought},
    {"actie", Label::action},
    {"actie invoer", Label::input},
    {"actieinvoer", Label::input},
    {"observatie", Label::observation},
    {"definitief antwoord", Label::answer},
    {"eindantwoord", Label::answer},
    {"antwoord", Label::weak_answer},
    {"vraag", Label::question},

    // Polish
    {"myśl", Label::thought},
    {"akcja", Label::action},
    {"działanie", Label::action},
    {"dane wejściowe akcji", Label::input},
    {"wejście akcji", Label::input},
    {"obserwacja", Label::observation},
    {"ostateczna odpowiedź", Label::answer},
    {"odpowiedź końcowa", Label::answer},
    {"odpowiedź", Label::weak_answer},
    {"pytanie", Label::question},

    // Russian
    {"мысль", Label::thought},
    {"размышление", Label::thought},
    {"действие", Label::action},
    {"ввод действия", Label::input},
    {"входные данные действия", Label::input},
    {"входные данные", Label::input},
    {"наблюдение", Label::observation},
    {"окончательный ответ", Label::answer},
    {"финальный ответ", Label::answer},
    {"итоговый ответ", Label::answer},
    {"ответ", Label::weak_answer},
    {"вопрос", Label::question},

    // Turkish
    {"düşünce", Label::thought},
    {"eylem", Label::action},
    {"eylem girdisi", Label::input},
    {"gözlem", Label::observation},
    {"nihai cevap", Label::answer},
    {"son cevap", Label::answer},
    {"cevap", Label::weak_answer},
    {"soru", Label::question},

    // Vietnamese
    {"suy nghĩ", Label::thought},
    {"hành động", Label::action},
    {"đầu vào hành động", Label::input},
    {"đầu vào của hành động", Label::input},
    {"quan sát", Label::observation},
    {"câu trả lời cuối cùng", Label::answer},
    {"câu trả lời", Label::weak_answer},
    {"câu hỏi", Label::question},

    // Indonesian
    {"pemikiran", Label::thought},
    {"tindakan", Label::action},
    {"input tindakan", Label::input},
    {"masukan tindakan", Label::input},
    {"pengamatan", Label::observation},
    {"observasi", Label::observation},
    {"jawaban akhir", Label::answer},
    {"jawaban", Label::weak_answer},
    {"pertanyaan", Label::question},

    // Arabic
    {"فكرة", Label::thought},
    {"التفكير", Label::thought},
    {"إجراء", Label::action},
    {"الإجراء", Label::action},
    {"مدخل الإجراء", Label::input},
    {"مدخلات الإجراء", Label::input},
    {"ملاحظة", Label::observation},
    {"الملاحظة", Label::observation},
    {"الإجابة النهائية", Label::answer},
    {"الجواب النهائي", Label::answer},
    {"السؤال", Label::question},

    // Hindi
    {"विचार", Label::thought},
    {"कार्य", Label::action},
    {"क्रिया", Label::action},
    {"कार्य इनपुट", Label::input},
    {"क्रिया इनपुट", Label::input},
    {"अवलोकन", Label::observation},
    {"अंतिम उत्तर", Label::answer},
    {"उत्तर", Label::weak_answer},
    {"प्रश्न", Label::question},
};

}  // namespace troupe::agents

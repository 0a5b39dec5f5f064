// Draw the report. In: the comparison in #comparison, as bunko/evaluation/records.py describes it; any field may be
// missing. Out: the page in #report. Texts go in as text nodes only, never as HTML: they come from models and files.
//
// One file, because it is put into the page as it is, without a build. Its parts, in order:
// words (both languages) · elements · numbers · sections · charts · differences · questions · keys and switches.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("comparison").textContent) || {};
  const list = (value) => (Array.isArray(value) ? value.filter((item) => item !== null && item !== undefined) : []);
  const dict = (value) => (value && typeof value === "object" && !Array.isArray(value) ? value : {});
  const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

  // --- words -------------------------------------------------------------------------------------------------------

  const WORDS = {
    en: {
      untitled: "Comparison", language: "Language", theme: "Colours", auto: "As the system", light: "Light", dark: "Dark",
      contents: "Contents", skip: "Skip to the questions",
      questions: "Questions", summary: "Summary", variants: "Variants", time: "Time", stages: "Stages",
      tradeoff: "Quality against time", pairs: "Pairs", folder: "Folder", created: "Made", machine: "Machine",
      cores: "{n} cores", memory: "{n} GB of memory", countQuestions: "{n} questions", countQuestion: "1 question",
      model: "Model", embedder: "Embedder", settings: "Settings", documents: "Documents",
      rag: "searched", noRag: "not searched: from the model alone",
      right: "right", wrong: "wrong", refused: "refused", error: "error", errors: "errors", unscored: "not scored",
      rightMark: "Right", wrongMark: "Wrong", refusedMark: "Refused", refusedRight: "Refused, rightly",
      refusedWrong: "Refused, wrongly", errorMark: "Error", unscoredMark: "Not scored",
      metric: "Measure", best: "best", higher: "higher is better", lower: "lower is better",
      interval: "95% interval {low} to {high}", range: "{low}–{high}",
      summaryNote: "Bars are 95% intervals. “Best” is shown only if an interval does not overlap any other.",
      summaryNoteOne: "Bars are 95% intervals.",
      leadClear: "{name} is clearly ahead on “{metric}”: {value} ({low}\u00a0to\u00a0{high}).",
      leadOpen: "No variant is clearly ahead on “{metric}”: {name} has the highest figure, {value}, but the intervals overlap.",
      leadOne: "{metric}: {value}, with a 95% interval of {low} to {high}.", leadOneBare: "{metric}: {value}.",
      meanings: "What the measures mean", group_answers: "Answers", group_documents: "Sources", group_refusals: "Refusals", group_other: "More", group_cost: "Time and length",
      timeNote: "Each dot is a question; the curve shows their density, the box the middle half, the line the median.",
      logScale: "Logarithmic scale.", median: "median", p95: "95% within", timeFor: "{name}: median {median}, 95% within {p95}, {n} questions",
      stagesNote: "Median time of each stage, one after the other. The thin line ends at the 95th percentile.",
      total: "total", stageLabel: "{name}: {stages}",
      tradeoffNote: "Lines are 95% intervals. Up and to the left is better.",
      tradeoffNoteLower: "Lines are 95% intervals. Down and to the left is better.",
      better: "better", quality: "Quality", timeOfQuestion: "Time for a question", medianTime: "Median time",
      tradeoffPoint: "{name}: {quality} in {time}",
      pairCounts: "Only {a} was right on {wins}, only {b} on {losses}; on {ties} they were equal.",
      nQuestions: "{n} questions", oneQuestion: "1 question",
      pairClear: "So uneven a split is unlikely to be chance (McNemar, p\u00a0{p}).",
      pairOpen: "Such a split may well be chance (McNemar, p\u00a0{p}).",
      pairNone: "There are no questions on which only one was right.",
      f1Clear: "{name} has the higher F1, by {value} points ({low}\u00a0to\u00a0{high}).",
      f1Open: "The difference in F1, {value} points, may be chance ({low}\u00a0to\u00a0{high}).",
      timeClear: "{name} takes {value} times as long ({low}\u00a0to\u00a0{high}).",
      timeOpen: "Neither is clearly faster: {a} takes {value} times the time of {b} ({low}\u00a0to\u00a0{high}).",
      pointsClear: "{name} has the higher “{metric}”, by {value} points ({low}\u00a0to\u00a0{high}).",
      pointsOpen: "The difference in “{metric}”, {value} points, may be chance ({low}\u00a0to\u00a0{high}).",
      nuggets: "Nuggets", nuggetsFound: "{n} of {all}", vital: "vital", inAnswer: "in the answer", inContext: "in the context only", inNeither: "in neither", notInAnswer: "not in the answer",
      f1Difference: "Difference in F1, points", timeRatio: "Time, times as long", ahead: "better", slower: "slower",
      alike: "alike", alone: "alone right", pairsNote: "Question by question, on those that both answered. 95% intervals in brackets.",
      all: "All", differs: "Differ", oneDiffers: "Differs", someWrong: "Wrong", someRefused: "Refused", unanswerable: "Unanswerable", someError: "Errors",
      search: "Search questions and answers", filters: "Show", inVariant: "By", anyVariant: "any variant",
      compareTo: "Mark differences from", nothing: "nothing", shown: "{n} of {all} questions",
      allShown: "{all} questions", none: "No question matches. Remove a filter.", noQuestions: "There are no questions in this comparison.",
      noVariants: "There are no variants in this comparison.",
      clear: "Show all", keys: "Keys:", keyNext: "next", keyPrevious: "previous", keySearch: "search", keySources: "sources",
      legend: "Marks", legendDiff: "words that differ", legendUnsupported: "not found in a source", legendGold: "expected answer",
      expected: "Expected", expectedNone: "The documents do not answer this.", or: " · ",
      noAnswer: "There is no answer.", noSource: "no source", wholly: "completely different from {name}", sources: "Sources", cited: "{n} cited", source: "Source {n}",
      page: "p. {n}", score: "score {n}", characters: "characters {start}–{end}", carries: "from the answer", checked: "found",
      unchecked: "not found", reasoning: "Reasoning", translation: "Translation", figures: "Figures",
      tokensIn: "Tokens read", tokensReused: "of these reused", tokensOut: "Tokens written", tokens: "{n} tokens", goTo: "Show source {n}",
      languages: { en: "English", ja: "Japanese" }, anyLanguage: "any language", ofLanguage: "Language",
      min: "min", s: "s", ms: "ms", points: "points", madeBy: "Made by Bunko. This file is self-contained and loads nothing from the network.",
      unit_share: "", unit_ms: "", unit_words: "words", unit_tokens: "tokens", unit_number: "",
      stage_open: "open", stage_sync: "sync", stage_load: "load", stage_rewrite: "rewrite", stage_embed: "embed",
      stage_retrieve: "retrieve", stage_select: "select", stage_prompt: "prompt", stage_read: "read",
      stage_reason: "reason", stage_write: "write", stage_ground: "ground", stage_translate: "translate", stage_total: "total",
    },
    ja: {
      untitled: "比較", language: "言語", theme: "配色", auto: "システムに合わせる", light: "ライト", dark: "ダーク",
      contents: "目次", skip: "質問へ移動",
      questions: "質問", summary: "概要", variants: "条件", time: "時間", stages: "処理段階",
      tradeoff: "品質と時間", pairs: "対比較", folder: "フォルダー", created: "作成", machine: "マシン",
      cores: "{n} コア", memory: "メモリ {n} GB", countQuestions: "{n} 問", countQuestion: "1 問",
      model: "モデル", embedder: "埋め込み", settings: "設定", documents: "文書",
      rag: "検索あり", noRag: "検索なし（モデルの知識のみ）",
      right: "正解", wrong: "不正解", refused: "回答拒否", error: "エラー", errors: "エラー", unscored: "採点なし",
      rightMark: "正解", wrongMark: "不正解", refusedMark: "回答拒否", refusedRight: "適切な拒否",
      refusedWrong: "不適切な拒否", errorMark: "エラー", unscoredMark: "採点なし",
      metric: "指標", best: "最良", higher: "高いほど良い", lower: "低いほど良い",
      interval: "95% 区間 {low}\u2060～\u2060{high}", range: "{low}～{high}",
      summaryNote: "横線は 95% 区間です。区間が他のすべてから離れている場合に限り「最良」と示します。",
      summaryNoteOne: "横線は 95% 区間です。",
      leadClear: "「{metric}」では{name}が明らかに優れています：{value}（{low}\u2060～\u2060{high}）。",
      leadOpen: "「{metric}」で明らかに優れた条件はありません。最も高いのは{name}の {value} ですが、区間が重なっています。",
      leadOne: "{metric}：{value}（95% 区間 {low}\u2060～\u2060{high}）。", leadOneBare: "{metric}：{value}。",
      meanings: "指標の意味", group_answers: "回答", group_documents: "出典", group_refusals: "回答拒否", group_other: "その他", group_cost: "時間と長さ",
      timeNote: "点は質問ひとつ、山は集まり具合、箱は中央の半数、縦線は中央値を表します。",
      logScale: "対数目盛。", median: "中央値", p95: "95% 点", timeFor: "{name}：中央値 {median}、95% 点 {p95}、{n} 問",
      stagesNote: "各段階の時間の中央値を順に並べたものです。細い線は 95% 点まで伸びています。",
      total: "合計", stageLabel: "{name}：{stages}",
      tradeoffNote: "線は 95% 区間です。左上ほど良い結果です。",
      tradeoffNoteLower: "線は 95% 区間です。左下ほど良い結果です。",
      better: "良い", quality: "品質", timeOfQuestion: "1 問あたりの時間", medianTime: "時間の中央値",
      tradeoffPoint: "{name}：{quality}、{time}",
      pairCounts: "{a}だけが正解したのは{wins}、{b}だけが正解したのは{losses}、結果が同じだったのは{ties}です。",
      nQuestions: " {n}\u00a0問", oneQuestion: " 1\u00a0問",
      pairClear: "この偏りが偶然とは考えにくいです（マクネマー検定、p\u00a0{p}）。",
      pairOpen: "この程度の偏りは偶然でも起こり得ます（マクネマー検定、p\u00a0{p}）。",
      pairNone: "一方だけが正解した質問はありません。",
      f1Clear: "F1 は{name}の方が {value} ポイント高いです（{low}\u2060～\u2060{high}）。",
      f1Open: "F1 の差は {value} ポイントで、偶然の可能性があります（{low}\u2060～\u2060{high}）。",
      timeClear: "{name}は {value} 倍の時間がかかります（{low}\u2060～\u2060{high}）。",
      timeOpen: "速さに明らかな差はありません。{a}の時間は{b}の {value} 倍です（{low}\u2060～\u2060{high}）。",
      pointsClear: "「{metric}」は{name}の方が {value} ポイント高いです（{low}\u2060～\u2060{high}）。",
      pointsOpen: "「{metric}」の差は {value} ポイントで、偶然の可能性があります（{low}\u2060～\u2060{high}）。",
      nuggets: "ナゲット", nuggetsFound: "{all} 件中 {n} 件", vital: "必須", inAnswer: "回答にあり", inContext: "渡した文のみ", inNeither: "どちらにもなし", notInAnswer: "回答になし",
      f1Difference: "F1 の差（ポイント）", timeRatio: "時間の比（倍）", ahead: "優位", slower: "遅い",
      alike: "同じ", alone: "のみ正解", pairsNote: "同じ質問どうしの比較です。括弧内は 95% 区間です。",
      all: "すべて", differs: "結果が異なる", oneDiffers: "結果が異なる", someWrong: "不正解", someRefused: "回答拒否", unanswerable: "回答不能", someError: "エラー",
      search: "質問と回答を検索", filters: "表示", inVariant: "条件", anyVariant: "いずれか",
      compareTo: "差分の基準", nothing: "なし", shown: "{all} 問中 {n} 問",
      allShown: "全 {all} 問", none: "該当する質問がありません。絞り込みを解除してください。", noQuestions: "この比較には質問がありません。",
      noVariants: "この比較には条件がありません。",
      clear: "すべて表示", keys: "キー：", keyNext: "次へ", keyPrevious: "前へ", keySearch: "検索", keySources: "出典",
      legend: "凡例", legendDiff: "異なる語句", legendUnsupported: "出典に見当たらない", legendGold: "期待される答え",
      expected: "正答", expectedNone: "文書に答えはありません。", or: " ・ ",
      noAnswer: "回答はありません。", noSource: "出典なし", wholly: "{name} の回答とほぼ異なる", sources: "出典", cited: "引用 {n} 件", source: "出典 {n}",
      page: "{n} ページ", score: "スコア {n}", characters: "{start}～{end} 文字目", carries: "回答の文", checked: "記載あり",
      unchecked: "記載なし", reasoning: "思考過程", translation: "翻訳", figures: "数値",
      tokensIn: "入力トークン", tokensReused: "うち再利用", tokensOut: "出力トークン", tokens: "{n} トークン", goTo: "出典 {n} を表示",
      languages: { en: "英語", ja: "日本語" }, anyLanguage: "すべての言語", ofLanguage: "言語",
      min: "分", s: "秒", ms: "ms", points: "ポイント", madeBy: "Bunko が作成しました。このファイルだけで完結しており、ネットワークからは何も読み込みません。",
      unit_share: "", unit_ms: "", unit_words: "語", unit_tokens: "トークン", unit_number: "",
      stage_open: "開く", stage_sync: "同期", stage_load: "読み込み", stage_rewrite: "質問の書換え", stage_embed: "埋め込み",
      stage_retrieve: "検索", stage_select: "引用選択", stage_prompt: "プロンプト", stage_read: "読解",
      stage_reason: "思考", stage_write: "生成", stage_ground: "根拠照合", stage_translate: "翻訳", stage_total: "合計",
    },
  };

  let language = "en";
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? values[key] : whole));
  const t = (key, values = {}) => {
    const text = WORDS[language][key] ?? WORDS.en[key];
    return text === undefined ? key : fill(text, values);
  };
  /** The same, with elements in the places: a list of strings and elements. */
  const say = (key, values) =>
    t(key).split(/(\{\w+\})/).filter(Boolean).map((part) => {
      const name = /^\{(\w+)\}$/.exec(part);
      return name && name[1] in values ? values[name[1]] : part;
    });

  // --- elements ----------------------------------------------------------------------------------------------------

  const SVG = "http://www.w3.org/2000/svg";
  const build = (element, attributes, children) => {
    for (const [key, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
      else element.setAttribute(key, value === true ? "" : String(value));
    }
    element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
    return element;
  };
  const h = (tag, attributes, ...children) => build(document.createElement(tag), attributes, children);
  const s = (tag, attributes, ...children) => build(document.createElementNS(SVG, tag), attributes, children);
  const hidden = (text) => h("span", { class: "only-read" }, text);

  const JAPANESE = /[\u3040-\u30ff\u3400-\u9fff\uff66-\uff9f]/;
  const languageOf = (text, known) => (JAPANESE.test(text) ? "ja" : known && known !== "ja" ? known : "en");

  const SHAPES = [
    "M6 1a5 5 0 1 0 0 10a5 5 0 1 0 0-10z", "M1.5 1.5h9v9h-9z", "M6 .8 11.6 10.6H.4z", "M6 .2 11.8 6 6 11.8.2 6z",
    "M6 11.2.4 1.4h11.2z", "M4.2 1h3.6v3.2H11v3.6H7.8V11H4.2V7.8H1V4.2h3.2z",
  ];
  const colour = (index) => `v${index % 6}`;
  // From the seventh variant on colours come again, with another shape.
  const shape = (index) => SHAPES[(index + Math.floor(index / 6)) % 6];
  const sign = (index) => s("svg", { class: `sign ${colour(index)}`, viewBox: "0 0 12 12", "aria-hidden": "true" }, s("path", { d: shape(index) }));

  const ICONS = {
    right: "M3 8.6 6.4 12 13 4.6", wrong: "M4 4l8 8M12 4l-8 8", refused: "M3.5 8h9", error: "M8 3v6.4M8 12v.6",
    unscored: "M8 7.6v.8", 
  };
  const icon = (kind) => s("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true" }, s("path", { d: ICONS[kind] }));

  // --- numbers -----------------------------------------------------------------------------------------------------

  const locale = () => (language === "ja" ? "ja-JP" : "en-GB");
  const number = (value, digits = 0) =>
    new Intl.NumberFormat(locale(), { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
  const gap = () => (language === "ja" ? " " : "\u00a0");
  const duration = (ms) => {
    if (!isNumber(ms)) return "–";
    if (ms < 10) return `${number(ms, ms < 0.95 ? 2 : 1)}${gap()}${t("ms")}`;
    if (ms < 999.5) return `${number(ms)}${gap()}${t("ms")}`;
    if (ms < 59950) return `${number(ms / 1000, ms < 9995 ? 2 : 1)}${gap()}${t("s")}`;
    const seconds = Math.round(ms / 1000);
    return `${number(Math.floor(seconds / 60))}${gap()}${t("min")} ${seconds % 60}${gap()}${t("s")}`;
  };
  const format = (value, unit) => {
    if (!isNumber(value)) return "–";
    if (unit === "share") return `${number(value * 100, 1)}%`;
    if (unit === "ms") return duration(value);
    const size = Math.abs(value);
    return number(value, size >= 100 || (Number.isInteger(value) && unit !== "number") ? 0 : size >= 10 || unit !== "number" ? 1 : 2);
  };
  /** Two ends of an interval; their unit is said once where it's the same. */
  const span = (low, high, unit) => {
    const ends = [format(low, unit), format(high, unit)];
    const tail = unit === "share" ? "%" : unit === "ms" ? /\D+$/.exec(ends[1])?.[0] : "";
    return t("range", { low: tail && ends[0].endsWith(tail) ? ends[0].slice(0, -tail.length) : ends[0], high: ends[1] });
  };
  const signed = (value, digits) => `${value > 0 ? "+" : value < 0 ? "−" : ""}${number(Math.abs(value), digits)}`;
  const pValue = (p) => (p < 0.001 ? "<\u00a00.001" : `=\u00a0${number(p, p < 0.1 ? 3 : 2)}`);
  const sorted = (values) => list(values).filter(isNumber).sort((a, b) => a - b);
  const quantile = (values, share) => {
    if (!values.length) return null;
    const place = (values.length - 1) * share, under = Math.floor(place);
    return values[under] + (values[Math.min(under + 1, values.length - 1)] - values[under]) * (place - under);
  };

  // --- what is there -----------------------------------------------------------------------------------------------

  const variants = list(data.variants).map((item, index) => ({
    ...item, index, name: String(item.name ?? item.model ?? `${index + 1}`), summary: dict(item.summary),
    timings: dict(item.timings_ms), times: sorted(item.times_ms),
  }));
  const variantNamed = new Map(variants.map((item) => [item.name, item]));
  const metrics = list(data.metrics).filter((item) => item.name);
  const questions = list(data.questions).map((item, place) => ({
    ...item, place, question: String(item.question ?? ""), answers: list(item.answers).map(String),
    results: list(item.results).map((result, index) => ({ ...result, answer: String(result.answer ?? ""), at: variantNamed.get(result.variant) ?? variants[index] })),
  }));
  questions.sort((a, b) => Boolean(b.differs) - Boolean(a.differs) || a.place - b.place);

  /** The outcome of a question: right, wrong, refused, error or unscored. A refusal is also right or wrong. */
  const outcome = (result) =>
    result.error ? "error" : result.refused ? "refused" : result.right === true ? "right" : result.right === false ? "wrong" : "unscored";
  const plainName = (name) => String(name).toLowerCase().replace(/@/g, "_at_").replace(/[^a-z0-9]+/g, "_").replace(/^_|_$/g, "");

  // By the name of the metric (bunko/evaluation/evaluating.py): group, Japanese label, meaning in both languages.
  const MEANINGS = {
    right: ["answers", "正答率", "The answer contains an expected one; an unanswerable question counts as right if it is refused.", "回答に正答が含まれる割合です。答えのない質問は、拒否すれば正解とします。"],
    right_20: ["answers", "冒頭 20 語以内の正答率", "An expected answer is within the first 20 words, so that copying a page does not help.", "正答が冒頭の 20 語以内に現れる割合です。文書を丸写ししても上がりません。"],
    exact_match: ["answers", "完全一致", "The answer is exactly an expected one, case, articles and punctuation aside.", "大文字・小文字や記号を除き、正答と完全に一致した割合です。"],
    f1: ["answers", "F1", "Overlap of the words of the answer and of the expected one; characters for Japanese.", "回答と正答の語の重なりです。日本語は文字単位で数えます。"],
    judged: ["answers", "審査モデルによる正答率", "Another model judges the answer to be right; less reliable than the other figures.", "別のモデルが正しいと判断した割合です。他の指標ほど確かではありません。"],
    failed: ["answers", "失敗した質問", "Questions that ended in an error.", "エラーに終わった質問の割合です。"],
    supported: ["documents", "出典で見つかった文", "Sentences of the answers whose words were found in a source.", "回答の文のうち、語句が出典に見つかったものの割合です。"],
    evidence_1: ["documents", "最初の引用に正答", "The first quote contains an expected answer.", "最初の引用に正答が含まれる割合です。"],
    evidence_2: ["documents", "最初の二つの引用に正答", "One of the first two quotes contains an expected answer.", "最初の二つの引用のいずれかに正答が含まれる割合です。"],
    gold_in_context: ["documents", "引用全体に正答", "The quotes that the model read contain an expected answer.", "モデルに渡した引用のどこかに正答が含まれる割合です。"],
    vital_recall: ["answers", "必須ナゲットの再現率", "Of the facts that a good answer must state, those that the answer states.", "良い回答に欠かせない事実のうち、回答が述べているものの割合です。"],
    nugget_recall: ["answers", "ナゲットの再現率", "Of all facts that a good answer states, those that the answer states.", "良い回答が述べる事実すべてのうち、回答が述べているものの割合です。"],
    context_vital_recall: ["documents", "文脈の必須ナゲット再現率", "Of the facts that a good answer must state, those in what the model read.", "良い回答に欠かせない事実のうち、モデルに渡した文にあるものの割合です。"],
    context_nugget_recall: ["documents", "文脈のナゲット再現率", "Of all facts that a good answer states, those in what the model read.", "良い回答が述べる事実すべてのうち、モデルに渡した文にあるものの割合です。"],
    hit_1: ["documents", "正しい文書が 1 位", "The document with the answer was found first.", "正しい文書が検索の 1 位になった割合です。"],
    hit_5: ["documents", "正しい文書が 5 位以内", "The document with the answer was among the first five.", "正しい文書が検索の 5 位以内に入った割合です。"],
    mrr: ["documents", "文書の MRR", "One over the rank of the first right document, on average.", "最初の正しい文書の順位の逆数の平均です。"],
    ndcg_10: ["documents", "文書の nDCG@10", "How high the right documents rank among the first ten.", "正しい文書が上位 10 件のどれほど上に並ぶかを表します。"],
    refusal_precision: ["refusals", "拒否の適合率", "Of the questions that were refused, those that have no answer.", "拒否した質問のうち、実際に答えのないものの割合です。"],
    refusal_recall: ["refusals", "拒否の再現率", "Of the questions that have no answer, those that were refused.", "答えのない質問のうち、拒否できたものの割合です。"],
    refusal_f1: ["refusals", "拒否の F1", "The harmonic mean of the two.", "適合率と再現率の調和平均です。"],
    time_median: ["cost", "時間の中央値", "Half of the questions took less.", "半数の質問がこれより短い時間で終わりました。"],
    time_p95: ["cost", "時間の 95% 点", "One question in twenty took more.", "20 問に 1 問がこれより長くかかりました。"],
    words: ["cost", "回答の長さ", "Words in an answer, on average.", "回答の長さの平均です。"],
    prompt_tokens: ["cost", "入力トークン", "What the model read, in its own tokens.", "モデルが読んだ量です。単位はモデルのトークンです。"],
    completion_tokens: ["cost", "出力トークン", "What the model wrote, in its own tokens.", "モデルが書いた量です。単位はモデルのトークンです。"],
  };
  const GROUPS = ["answers", "documents", "refusals", "other", "cost"];
  const meaning = (metric) => {
    const known = MEANINGS[plainName(metric.name)];
    return known ? { group: known[0], label: known[1], words: known[language === "ja" ? 3 : 2] } : null;
  };
  const groupOf = (metric) => meaning(metric)?.group ?? (metric.unit === "share" || metric.unit === "number" ? "other" : "cost");
  const label = (metric) => {
    if (language === "ja" && meaning(metric)) return meaning(metric).label;
    const words = String(metric.label ?? metric.name);
    return /^[a-z]+\b/.test(words) ? words.charAt(0).toUpperCase() + words.slice(1) : words; // nDCG stays as it is
  };
  const estimate = (variant, metric) => dict(variant.summary[metric.name]);

  const WANTED = ["right", "right_20", "judged", "f1", "exact_match", "vital_recall", "nugget_recall"];
  const qualities = metrics.filter((item) => (item.unit === "share" || item.unit === "number") && variants.some((variant) => isNumber(estimate(variant, item).value)));
  const wantedPlace = (item) => (WANTED.indexOf(plainName(item.name)) + 1 || 99);
  let quality = [...qualities].sort((a, b) => wantedPlace(a) - wantedPlace(b))[0] ?? null;

  /** The variant whose interval does not overlap any other, or null. */
  const clearBest = (metric) => {
    const known = variants.map((variant) => ({ variant, ...estimate(variant, metric) })).filter((item) => isNumber(item.value));
    if (known.length < 2 || known.some((item) => !isNumber(item.low) || !isNumber(item.high))) return null;
    if (metric.unit === "words" || metric.name === "completion_tokens") return null; // brevity alone is no merit
    const lower = metric.better === "lower";
    known.sort((a, b) => (lower ? a.value - b.value : b.value - a.value));
    const [first, ...rest] = known;
    return rest.every((item) => (lower ? first.high < item.low : first.low > item.high)) ? first.variant : null;
  };

  // --- sections ----------------------------------------------------------------------------------------------------

  const nameOf = (variant) => h("span", { class: "name" }, sign(variant.index), h("bdi", {}, variant.name));
  const section = (id, title, note, ...children) =>
    h("section", { id, "aria-labelledby": `${id}-title` }, h("h2", { id: `${id}-title` }, title), note ? h("p", { class: "note" }, note) : null, children);

  const switches = () => {
    const choice = (name, current, options, choose) =>
      h("div", { class: "choice", role: "group", "aria-label": t(name) }, options.map(([value, text, shown, lang]) =>
        h("button", { type: "button", "aria-pressed": String(value === current), "aria-label": shown ? text : null, title: shown ? text : null, lang, "data-choice": value, onclick: () => choose(value) }, shown ?? text)));
    const drawing = (...paths) => s("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true" }, paths.map((d) => s("path", { d })));
    return h("div", { class: "switches" },
      choice("language", language, [["en", "English", null, "en"], ["ja", "日本語", null, "ja"]], chooseLanguage),
      choice("theme", theme, [
        ["auto", t("auto"), drawing("M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11z", "M8 2.5v11", "M8 5.5h4.5M8 8h5.4M8 10.5h4.5")],
        ["light", t("light"), drawing("M8 5.2a2.8 2.8 0 1 0 0 5.6a2.8 2.8 0 1 0 0-5.6z", "M8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8 13 13M13 3l-1.2 1.2M4.2 11.8 3 13")],
        ["dark", t("dark"), drawing("M12.8 9.6A5.4 5.4 0 0 1 6.4 3.2a5.4 5.4 0 1 0 6.4 6.4z")],
      ], chooseTheme));
  };

  const header = () => {
    const facts = [];
    if (data.folder) facts.push([t("folder"), h("bdi", { class: "path" }, String(data.folder))]);
    const made = data.created ? new Date(data.created) : null;
    if (made) facts.push([t("created"), Number.isNaN(made.getTime()) ? String(data.created)
      : h("time", { datetime: made.toISOString() }, new Intl.DateTimeFormat(locale(), { dateStyle: "long", timeStyle: "short" }).format(made))]);
    const { cores, memory_gb: memory } = dict(data.machine);
    const machine = [isNumber(cores) ? t("cores", { n: cores }) : null, isNumber(memory) ? t("memory", { n: number(memory, Number.isInteger(memory) ? 0 : 1) }) : null].filter(Boolean);
    if (machine.length) facts.push([t("machine"), machine.join(language === "ja" ? "、" : ", ")]);
    facts.push([t("questions"), questions.length === 1 ? t("countQuestion") : t("countQuestions", { n: number(questions.length) })]);
    const title = String(data.title || t("untitled"));
    return h("header", { class: "top" },
      h("div", { class: "bar" },
        h("span", { class: "brand", lang: "en" }, s("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, s("path", { d: "M2 2h3v12H2zM6.5 4h3v10h-3zM11 6h3v8h-3z" })), "Bunko"),
        switches()),
      h("h1", { lang: languageOf(title) }, title),
      h("dl", { class: "facts" }, facts.map(([term, value]) => h("div", {}, h("dt", {}, term), h("dd", {}, value)))));
  };

  const KINDS = ["right", "refused", "wrong", "error", "unscored"];
  const variantCards = () => {
    if (!variants.length) return h("p", { class: "empty" }, t("noVariants"));
    return h("section", { id: "variants", "aria-labelledby": "variants-title" },
      h("h2", { id: "variants-title", class: "only-read" }, t("variants")),
      h("ul", { class: "cards variants" }, variants.map((variant) => {
        const count = {};
        for (const row of questions) for (const result of row.results) if (result.at === variant) count[outcome(result)] = (count[outcome(result)] ?? 0) + 1;
        const kinds = KINDS.filter((kind) => count[kind]);
        const bar = h("div", { class: "outcomes", "aria-hidden": "true" }, kinds.map((kind) => {
          const piece = h("span", { class: kind });
          piece.style.flexGrow = count[kind];
          return piece;
        }));
        const rows = [[t("model"), variant.model], [t("embedder"), variant.rag === false ? null : variant.embedder],
          [t("documents"), variant.rag === undefined || variant.rag === null ? null : variant.rag ? t("rag") : t("noRag")]].filter(([, value]) => value);
        const settings = Object.entries(dict(variant.settings));
        return h("li", { class: `card ${colour(variant.index)}` },
          h("h3", {}, nameOf(variant)),
          kinds.length ? [bar, h("p", { class: "counts" }, kinds.map((kind) => h("span", { class: kind }, icon(kind), `${number(count[kind])} ${t(kind)}`)))] : null,
          h("dl", { class: "facts small" }, rows.map(([term, value]) => h("div", {}, h("dt", {}, term), h("dd", {}, h("bdi", {}, String(value))))),
            settings.map(([key, value]) => h("div", {}, h("dt", { class: "code" }, key), h("dd", { class: "code" }, value === null ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value))))));
      })));
  };

  const lead = () => {
    if (!quality || !variants.length) return null;
    const metric = h("em", {}, label(quality));
    const told = (item) => ({ metric: metric.cloneNode(true), value: h("strong", {}, format(item.value, quality.unit)), low: format(item.low, quality.unit), high: format(item.high, quality.unit) });
    const known = variants.map((variant) => ({ variant, ...estimate(variant, quality) })).filter((item) => isNumber(item.value));
    if (!known.length) return null;
    known.sort((a, b) => (quality.better === "lower" ? a.value - b.value : b.value - a.value));
    if (variants.length === 1) return h("p", { class: "lead" }, say(isNumber(known[0].low) && isNumber(known[0].high) ? "leadOne" : "leadOneBare", told(known[0])));
    if (known.length < 2 || !isNumber(known[0].low) || !isNumber(known[0].high)) return null;
    const best = clearBest(quality);
    return h("p", { class: "lead" }, say(best ? "leadClear" : "leadOpen", { ...told(known[0]), name: nameOf(known[0].variant) }));
  };

  const summary = () => {
    const shown = metrics.filter((metric) => variants.some((variant) => isNumber(estimate(variant, metric).value)));
    if (!shown.length || !variants.length) return null;
    /** How many questions a figure was computed from; said once for most of the rows. */
    const counted = (metric) => {
      const counts = variants.map((variant) => estimate(variant, metric)).filter((item) => isNumber(item.value) && isNumber(item.n)).map((item) => item.n);
      const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
      return counts.length ? `n = ${number(fewest)}${most > fewest ? `–${number(most)}` : ""}` : null;
    };
    const often = new Map();
    for (const metric of shown) often.set(counted(metric), (often.get(counted(metric)) ?? 0) + 1);
    const [usual] = [...often.entries()].sort((a, b) => b[1] - a[1])[0];
    const row = (metric) => {
      const cells = variants.map((variant) => estimate(variant, metric));
      const top = metric.unit === "share" ? 1 : Math.max(...cells.map((item) => Math.max(item.high ?? 0, item.value ?? 0))) || 1;
      const bottom = Math.min(0, ...cells.map((item) => Math.min(item.low ?? 0, item.value ?? 0)));
      const best = clearBest(metric);
      const about = [t(`unit_${metric.unit ?? "number"}`), metric.better === "lower" ? t("lower") : null, counted(metric) === usual ? null : counted(metric)].filter((words) => words && !words.startsWith("unit_"));
      return h("tr", { role: "row" },
        h("th", { scope: "row", role: "rowheader" }, h("span", { class: "measure" }, label(metric)), h("span", { class: "about" }, about.join(" · "))),
        variants.map((variant, index) => {
          const item = cells[index];
          const isBest = best === variant;
          return h("td", { role: "cell", class: isBest ? "best" : null },
            h("span", { class: "in-cell" }, nameOf(variant)),
            h("span", { class: "figure" }, h("span", { class: isNumber(item.value) ? "value" : "value missing" }, format(item.value, metric.unit)),
              isBest ? h("span", { class: "tag" }, s("svg", { class: "icon star", viewBox: "0 0 16 16", "aria-hidden": "true" }, s("path", { d: "M8 1.8l1.9 4 4.3.6-3.1 3 .8 4.4L8 11.7l-3.9 2.1.8-4.4-3.1-3 4.3-.6z" })), t("best")) : null),
            isNumber(item.low) && isNumber(item.high) ? h("span", { class: "range" }, span(item.low, item.high, metric.unit)) : null,
            isNumber(item.value) ? whisker(item, bottom, top, variant.index) : null);
        }));
    };
    const meanings = shown.map((metric) => [metric, meaning(metric)]).filter(([, known]) => known);
    return section("summary", t("summary"), null, lead(),
      h("p", { class: "note" }, t(variants.length > 1 ? "summaryNote" : "summaryNoteOne")),
      h("div", { class: "scroll", tabindex: variants.length > 4 ? "0" : null, role: variants.length > 4 ? "region" : null, "aria-label": variants.length > 4 ? t("summary") : null },
        h("table", { class: `summary ${variants.length === 1 ? "single" : variants.length > 3 ? "many" : ""}`, role: "table", "aria-label": t("summary") },
          h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, h("th", { scope: "col", role: "columnheader" }, t("metric"), usual ? h("span", { class: "about" }, usual) : null), variants.map((variant) => h("th", { scope: "col", role: "columnheader" }, nameOf(variant))))),
          GROUPS.map((group) => [group, shown.filter((metric) => groupOf(metric) === group)]).filter(([, inside]) => inside.length).map(([group, inside]) => h("tbody", { role: "rowgroup" },
            h("tr", { role: "row", class: "group" }, h("th", { scope: "rowgroup", role: "rowheader", colspan: variants.length + 1 }, t(`group_${group}`))), inside.map(row))))),
      meanings.length ? h("details", { class: "meanings" }, h("summary", {}, t("meanings")),
        h("dl", {}, meanings.map(([metric, known]) => h("div", {}, h("dt", {}, label(metric)), h("dd", {}, known.words))))) : null);
  };

  // --- charts ------------------------------------------------------------------------------------------------------

  const whisker = (item, bottom, top, index) => {
    const x = (value) => ((Math.min(Math.max(value, bottom), top) - bottom) / (top - bottom || 1) * 98).toFixed(2) + "%";
    const known = isNumber(item.low) && isNumber(item.high);
    return s("svg", { class: `whisker ${colour(index)}`, height: 12, "aria-hidden": "true" },
      s("line", { class: "rail", x1: x(bottom), x2: x(top), y1: 6, y2: 6 }),
      known ? [s("line", { class: "span", x1: x(item.low), x2: x(item.high), y1: 6, y2: 6 })] : null,
      s("circle", { cx: x(item.value), cy: 6, r: 3.5 }));
  };

  /** A scale from values to pixels, with its ticks; logarithmic where the values span much. */
  const scale = (low, high, from, to, { log = false, count = 6 } = {}) => {
    if (log) {
      const a = Math.log10(low), b = Math.log10(high);
      const place = (value) => from + (Math.log10(Math.max(value, low)) - a) / (b - a || 1) * (to - from);
      let ticks = [];
      for (let power = Math.floor(a); power <= Math.ceil(b); power += 1) for (const step of [1, 2, 5]) ticks.push(step * 10 ** power);
      ticks = ticks.filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
      if (ticks.length > count + 2) ticks = ticks.filter((tick) => Math.abs(Math.log10(tick) % 1) < 1e-9);
      return { place, ticks, log };
    }
    const raw = (high - low) / count || 1, power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n >= raw - 1e-12);
    const ticks = [];
    for (let tick = Math.ceil(low / step - 1e-9) * step; tick <= high + step * 1e-6; tick += step) ticks.push(Math.abs(tick) < step * 1e-6 ? 0 : tick);
    return { place: (value) => from + (value - low) / (high - low || 1) * (to - from), ticks, log };
  };
  const timeScale = (low, high, from, to) => {
    const count = to - from < 420 ? 4 : 7;
    if (low > 0 && high / low > 10) return scale(low * 0.8, high * 1.25, from, to, { log: true, count });
    return scale(0, high * 1.04 || 1, from, to, { count });
  };
  const shortTime = (ms) => {
    if (ms === 0) return "0";
    const trim = (value) => number(value, value < 1 ? Math.min(3, Math.ceil(-Math.log10(value)) + 1) : 2).replace(/([.,]\d*?)0+$/, "$1").replace(/[.,]$/, "");
    return ms < 1000 ? `${trim(ms)} ${t("ms")}` : ms < 60000 ? `${trim(ms / 1000)} ${t("s")}` : `${trim(ms / 60000)} ${t("min")}`;
  };
  const chart = (width, height, name, ...children) =>
    s("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": name }, children);
  const text = (x, y, words, anchor = "start", kind = null) => s("text", { x: x.toFixed(1), y: y.toFixed(1), "text-anchor": anchor, class: kind }, words);
  /** Lines and words under them; words that would touch those before them are left out. */
  const timeAxis = (axis, y, top) => {
    let taken = -Infinity;
    return axis.ticks.map((tick) => {
      const x = axis.place(tick), words = shortTime(tick), half = words.length * 3.6;
      const free = x - half > taken + 6;
      if (free) taken = x + half;
      return [s("line", { class: "grid", x1: x, x2: x, y1: top, y2: y }), free ? text(x, y + 18, words, "middle", "tick") : null];
    });
  };

  /** The height of a hill of values over each place of a grid: a Gaussian density, on the axis' own scale. */
  const density = (places, from, to) => {
    const n = places.length, mean = places.reduce((sum, x) => sum + x, 0) / n;
    const deviation = Math.sqrt(places.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n);
    const ordered = [...places].sort((a, b) => a - b);
    const spread = Math.min(deviation, (quantile(ordered, 0.75) - quantile(ordered, 0.25)) / 1.34 || deviation);
    const width = Math.max(0.9 * spread * n ** -0.2, (to - from) / 160); // Silverman's rule of thumb
    const heights = [];
    for (let i = 0; i <= 160; i += 1) {
      const x = from + (to - from) * i / 160;
      heights.push([x, places.reduce((sum, place) => sum + Math.exp(-((x - place) ** 2) / (2 * width * width)), 0) / (n * width)]);
    }
    return heights;
  };

  const timeChart = (width) => {
    const shown = variants.filter((variant) => variant.times.length);
    if (!shown.length) return null;
    const all = shown.flatMap((variant) => variant.times).filter((time) => time > 0);
    if (!all.length) return null;
    const low = Math.min(...shown.map((variant) => variant.times[0])), high = Math.max(...shown.map((variant) => variant.times[variant.times.length - 1]));
    const narrow = width < 620, rowHeight = narrow ? 128 : 112, left = 8, right = width - 16, bottom = shown.length * rowHeight + 4;
    const axis = timeScale(low, high, left, right);
    const rows = shown.map((variant, row) => {
      const top = row * rowHeight, base = top + rowHeight - 34, times = variant.times;
      const places = times.map((time) => axis.place(time));
      const parts = [];
      if (times.length >= 5) {
        const hill = density(places, left, right), peak = Math.max(...hill.map(([, y]) => y)) || 1;
        const inside = hill.filter(([, y]) => y > peak * 0.004);
        const line = inside.map(([x, y]) => `${x.toFixed(1)} ${(base - y / peak * 42).toFixed(1)}`).join("L");
        if (inside.length) parts.push(s("path", { class: "hill", d: `M${inside[0][0].toFixed(1)} ${base}L${line}L${inside[inside.length - 1][0].toFixed(1)} ${base}Z` }));
        const [a, b] = [0.25, 0.75].map((share) => axis.place(quantile(times, share)));
        parts.push(s("rect", { class: "box", x: a, y: base + 3, width: Math.max(b - a, 1), height: 14, rx: 2 }));
      }
      else parts.push(s("line", { class: "base", x1: left, x2: right, y1: base + 10, y2: base + 10 }));
      // A few hundred dots are enough; of more, a regular sample.
      const every = Math.max(1, Math.ceil(times.length / 300));
      places.forEach((x, index) => {
        if (index % every === 0) parts.push(s("circle", { class: "dot", cx: x.toFixed(1), cy: (base + 10 + ((index * 7) % 11 - 5) * 0.9).toFixed(1), r: times.length < 20 ? 3 : 1.8 }));
      });
      const median = quantile(times, 0.5), p95 = quantile(times, 0.95);
      parts.push(s("line", { class: "median", x1: axis.place(median), x2: axis.place(median), y1: base - 2, y2: base + 20 }));
      return s("g", { class: colour(variant.index) }, parts,
        s("path", { class: "mark", d: shape(variant.index), transform: `translate(${left} ${top + 11})` }),
        text(left + 18, top + 21, variant.name, "start", "title"),
        text(narrow ? left + 18 : right, top + (narrow ? 38 : 21), `${t("median")} ${duration(median)} · ${t("p95")} ${duration(p95)}`, narrow ? "start" : "end", "fact"));
    });
    const name = shown.map((variant) => t("timeFor", { name: variant.name, median: duration(quantile(variant.times, 0.5)), p95: duration(quantile(variant.times, 0.95)), n: variant.times.length })).join("; ");
    return { drawing: chart(width, bottom + 26, name, timeAxis(axis, bottom, 30), rows), log: axis.log };
  };

  const stageName = (stage) => (WORDS.en[`stage_${stage}`] ? t(`stage_${stage}`) : stage);
  const stagesOf = (variant) => {
    let start = 0;
    return Object.entries(variant.timings).filter(([stage, item]) => stage !== "total" && isNumber(dict(item).median)).map(([stage, item]) => {
      const row = { stage, start, median: item.median, p95: isNumber(item.p95) ? item.p95 : item.median };
      start += item.median;
      return row;
    });
  };
  const waterfalls = (width) => {
    const shown = variants.map((variant) => ({ variant, rows: stagesOf(variant) })).filter((item) => item.rows.length);
    if (!shown.length) return null;
    const end = Math.max(...shown.flatMap(({ rows }) => rows.map((row) => row.start + Math.max(row.median, row.p95)))) || 1;
    return shown.map(({ variant, rows }) => {
      const left = language === "ja" ? 92 : 68, right = width - 64, rowHeight = 22, top = 6, bottom = top + rows.length * rowHeight + 2;
      const axis = scale(0, end, left, right, { count: width < 420 ? 3 : 5 });
      const bars = rows.map((row, index) => {
        const y = top + index * rowHeight, x = axis.place(row.start), done = axis.place(row.start + row.median), reach = axis.place(row.start + row.p95);
        return [text(left - 8, y + 15, stageName(row.stage), "end", "stage"),
          s("rect", { class: "bar", x, y: y + 5, width: Math.max(done - x, 1.5), height: 12, rx: 1.5 }),
          reach > done + 1 ? s("line", { class: "reach", x1: done, x2: reach, y1: y + 11, y2: y + 11 }) : null,
          text(Math.max(done + 2, reach) + 6, y + 15, duration(row.median), "start", "fact")];
      });
      const total = dict(variant.timings.total).median;
      const told = rows.map((row) => `${stageName(row.stage)} ${duration(row.median)}`).join(", ");
      return h("figure", { class: "waterfall" },
        h("figcaption", {}, nameOf(variant), isNumber(total) ? h("span", { class: "aside" }, `${t("total")} ${duration(total)}`) : null),
        chart(width, bottom + 24, t("stageLabel", { name: variant.name, stages: told }), s("g", { class: colour(variant.index) }, timeAxis(axis, bottom, top), bars)));
    });
  };

  const timeMetric = metrics.find((item) => item.unit === "ms" && /total|^time|time$/.test(plainName(item.name))) ?? metrics.find((item) => item.unit === "ms");
  /** What a question takes: the summary's figure, or the median with an interval from the order of the times. */
  const timeOf = (variant) => {
    const told = timeMetric ? estimate(variant, timeMetric) : {};
    if (isNumber(told.value)) return told;
    const times = variant.times, n = times.length;
    if (!n) return {};
    const reach = 0.98 * Math.sqrt(n); // the binomial's normal approximation, 1.96 / 2
    return { value: quantile(times, 0.5), low: times[Math.max(0, Math.floor(n / 2 - reach))], high: times[Math.min(n - 1, Math.ceil(n / 2 + reach))] };
  };
  const tradeoff = (width) => {
    const points = variants.map((variant) => ({ variant, x: timeOf(variant), y: quality ? estimate(variant, quality) : {} })).filter(({ x, y }) => isNumber(x.value) && isNumber(y.value));
    if (points.length < 2) return null;
    const height = Math.round(Math.min(380, Math.max(280, width * 0.4))), left = 52, right = width - 20, top = 14, bottom = height - 44;
    const ends = (key) => points.flatMap((point) => [point[key].value, point[key].low, point[key].high]).filter(isNumber);
    const [lowX, highX] = [Math.min(...ends("x")), Math.max(...ends("x"))];
    let [lowY, highY] = [Math.min(...ends("y")), Math.max(...ends("y"))];
    const room = (highY - lowY || Math.abs(highY) || 0.1) * 0.15;
    [lowY, highY] = [lowY - room, highY + room];
    if (quality.unit === "share") [lowY, highY] = [Math.max(0, lowY), Math.min(1, highY)];
    const xs = timeScale(lowX, highX * 1.1, left, right), across = scale(lowY, highY, bottom, top, { count: 5 });
    const ys = { ...across, place: (value) => across.place(Math.min(Math.max(value, lowY), highY)) };
    // Place a name where it covers no mark, line or other name, if there is such a place.
    const boxes = points.flatMap(({ x, y }) => {
      const cx = xs.place(x.value), cy = ys.place(y.value);
      return [[cx - 8, cy - 8, cx + 8, cy + 8], [xs.place(x.low ?? x.value), cy - 2, xs.place(x.high ?? x.value), cy + 2], [cx - 2, ys.place(y.high ?? y.value), cx + 2, ys.place(y.low ?? y.value)]];
    });
    const covered = (box) => boxes.filter((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1]).length
      + (box[0] < left || box[2] > right || box[1] < top || box[3] > bottom ? 6 : 0);
    const placeFor = (cx, cy, name) => {
      const wide = [...name].reduce((sum, letter) => sum + (JAPANESE.test(letter) ? 13.5 : 7.6), 0);
      const tried = [[11, -9], [-11, -9], [11, 18], [-11, 18], [11, -26], [-11, -26], [11, 35], [-11, 35]].map(([dx, dy]) => {
        const x = dx > 0 ? cx + dx : cx + dx - wide;
        return { dx, dy, box: [x, cy + dy - 11, x + wide, cy + dy + 3] };
      });
      const best = tried.reduce((one, other) => (covered(other.box) < covered(one.box) ? other : one));
      boxes.push(best.box);
      return best;
    };
    const drawn = points.map(({ variant, x, y }) => {
      const cx = xs.place(x.value), cy = ys.place(y.value), parts = [];
      if (isNumber(x.low) && isNumber(x.high)) parts.push(s("line", { class: "span", x1: xs.place(x.low), x2: xs.place(x.high), y1: cy, y2: cy }));
      if (isNumber(y.low) && isNumber(y.high)) parts.push(s("line", { class: "span", x1: cx, x2: cx, y1: ys.place(y.low), y2: ys.place(y.high) }));
      parts.push(s("path", { class: "mark ringed", d: shape(variant.index), transform: `translate(${(cx - 7).toFixed(1)} ${(cy - 7).toFixed(1)}) scale(1.1667)` }));
      const { dx, dy } = placeFor(cx, cy, variant.name);
      parts.push(text(cx + dx, cy + dy, variant.name, dx > 0 ? "start" : "end", "title halo"));
      return s("g", { class: colour(variant.index) }, parts);
    });
    const lower = quality.better === "lower";
    return chart(width, height, points.map(({ variant, x, y }) => t("tradeoffPoint", { name: variant.name, quality: format(y.value, quality.unit), time: duration(x.value) })).join("; "),
      ys.ticks.map((tick) => [s("line", { class: "grid", x1: left, x2: right, y1: ys.place(tick), y2: ys.place(tick) }),
        text(left - 8, ys.place(tick) + 4, quality.unit === "share" ? `${number(tick * 100, Math.abs(tick * 100 % 1) > 0.01 ? 1 : 0)}%` : format(tick, quality.unit), "end", "tick")]),
      timeAxis(xs, bottom, top), text(right, height - 6, timeMetric ? label(timeMetric) : t("medianTime"), "end", "fact"),
      text(left + 6, lower ? bottom - 8 : top + 12, `${lower ? "↙" : "↖"} ${t("better")}`, "start", "hint"), drawn);
  };

  const difference = ({ value, low, high }, { center, log, name, low: lowOne, high: highOne, word, show }) => {
    if (!isNumber(value)) return null;
    const width = 300, height = 42, ends = [value, low, high].filter(isNumber).map((end) => (log ? Math.log(Math.max(end, 1e-6)) : end - center));
    const reach = Math.max(...ends.map(Math.abs), log ? Math.log(1.1) : 0.02) * 1.15;
    const x = (end) => 10 + ((log ? Math.log(Math.max(end, 1e-6)) : end - center) / reach + 1) / 2 * (width - 20);
    const known = isNumber(low) && isNumber(high), clear = known && (low > center || high < center);
    return h("figure", { class: "difference" }, h("figcaption", {}, name),
      chart(width, height, `${name}: ${show(value)}${known ? `, ${t("interval", { low: show(low), high: show(high) })}` : ""}`,
        s("line", { class: "rail", x1: 10, x2: width - 10, y1: 26, y2: 26 }), s("line", { class: "middle", x1: width / 2, x2: width / 2, y1: 12, y2: 40 }),
        s("g", { class: clear ? "clear" : "open" }, known ? s("line", { class: "span", x1: x(low), x2: x(high), y1: 26, y2: 26 }) : null,
          s("circle", { cx: x(value), cy: 26, r: 5 }), text(Math.min(Math.max(x(value), 30), width - 30), 14, show(value), "middle", "title halo"))),
      h("p", { class: "sides", "aria-hidden": "true" }, h("span", {}, "← ", sign(lowOne.index), word), h("span", {}, sign(highOne.index), `${word} →`)));
  };

  const pairCards = () => {
    const shown = list(data.pairs);
    if (!shown.length) return null;
    const card = (pair) => {
      const [a, b] = [pair.a, pair.b].map((name) => variantNamed.get(name) ?? { name: String(name ?? "?"), index: 0 });
      const { wins, losses, ties, p } = pair;
      const counted = [wins, losses, ties].every(isNumber);
      const many = (n) => h("b", {}, n === 1 ? t("oneQuestion") : t("nQuestions", { n: number(n) }));
      const words = [];
      if (counted) words.push(h("p", {}, say("pairCounts", { a: nameOf(a), b: nameOf(b), wins: many(wins), losses: many(losses), ties: many(ties) }), language === "ja" ? "" : " ",
        wins + losses === 0 ? t("pairNone") : isNumber(p) ? t(p < 0.05 ? "pairClear" : "pairOpen", { p: pValue(p) }) : null));
      const f1 = dict(pair.f1_difference), ratio = dict(pair.time_ratio);
      const points = (value) => signed(value * 100, 1), times = (value) => number(value, 2);
      const tell = (interval, clearly, openly, metric) => {
        if (![interval.value, interval.low, interval.high].every(isNumber)) return;
        const clear = interval.low > 0 || interval.high < 0, flip = clear && interval.high < 0 ? -1 : 1;
        const ends = [interval.low * flip, interval.high * flip].sort((x, y) => x - y);
        const show = clear ? (value) => number(value * 100, 1) : points;
        words.push(h("p", {}, say(clear ? clearly : openly, { name: nameOf(flip < 0 ? b : a), metric, value: h("b", {}, show(interval.value * flip)), low: show(ends[0]), high: show(ends[1]) })));
      };
      tell(f1, "f1Clear", "f1Open");
      for (const metric of metrics) tell(dict(dict(pair.differences)[metric.name]), "pointsClear", "pointsOpen", label(metric));
      if ([ratio.value, ratio.low, ratio.high].every((value) => isNumber(value) && value > 0)) {
        const flip = ratio.high < 1, of = flip ? { value: 1 / ratio.value, low: 1 / ratio.high, high: 1 / ratio.low } : ratio;
        words.push(h("p", {}, say(flip || ratio.low > 1 ? "timeClear" : "timeOpen", { name: nameOf(flip ? b : a), a: nameOf(a), b: nameOf(b), value: h("b", {}, times(of.value)), low: times(of.low), high: times(of.high) })));
      }
      const piece = (kind, n, words_) => {
        if (!n) return null;
        const part = h("span", { class: kind }, h("span", {}, number(n)), hidden(` ${words_} `));
        part.style.flexGrow = n;
        return part;
      };
      return h("li", { class: "card pair" }, h("h3", {}, nameOf(a), h("span", { class: "against" }, " / "), nameOf(b)),
        counted ? h("div", { class: "tally" }, piece(`win ${colour(a.index)}`, wins, `${a.name}: ${t("alone")}`), piece("tie", ties, t("alike")), piece(`win ${colour(b.index)}`, losses, `${b.name}: ${t("alone")}`)) : null,
        counted ? h("p", { class: "tally-names", "aria-hidden": "true" }, h("span", {}, sign(a.index), t("alone")), h("span", {}, t("alike")), h("span", {}, sign(b.index), t("alone"))) : null,
        words,
        h("div", { class: "differences" },
          difference(f1, { center: 0, name: t("f1Difference"), low: b, high: a, word: t("ahead"), show: points }),
          isNumber(ratio.value) && ratio.value > 0 ? difference(ratio, { center: 1, log: true, name: t("timeRatio"), low: b, high: a, word: t("slower"), show: times }) : null));
    };
    return section("pairs", t("pairs"), t("pairsNote"), h("ul", { class: "cards pairs" }, shown.map(card)));
  };

  const drawCharts = () => {
    const time = document.getElementById("time-chart"), scatter = document.getElementById("tradeoff-chart"), falls = document.getElementById("stage-charts");
    if (time) {
      const made = timeChart(Math.max(300, time.clientWidth));
      time.replaceChildren(made ? made.drawing : "");
      document.getElementById("time-note").textContent = t("timeNote") + (made && made.log ? (language === "ja" ? "" : " ") + t("logScale") : "");
    }
    if (scatter) scatter.replaceChildren(tradeoff(Math.max(300, scatter.clientWidth)) ?? "");
    if (falls) {
      const wide = falls.clientWidth, columns = wide >= 860 && variants.length > 1 ? 2 : 1;
      falls.replaceChildren(...(waterfalls(Math.max(290, columns === 2 ? (wide - 40) / 2 : wide)) ?? []));
    }
  };

  const timeSection = () => (variants.some((variant) => variant.times.some((time) => time > 0))
    ? h("section", { id: "time", "aria-labelledby": "time-title" }, h("h2", { id: "time-title" }, t("time")), h("p", { class: "note", id: "time-note" }), h("div", { id: "time-chart" })) : null);
  const stageSection = () => (variants.some((variant) => stagesOf(variant).length) ? section("stages", t("stages"), t("stagesNote"), h("div", { id: "stage-charts" })) : null);
  const tradeoffSection = () => {
    // A single point adds nothing to the summary.
    if (!quality || variants.filter((variant) => isNumber(estimate(variant, quality).value) && isNumber(timeOf(variant).value)).length < 2) return null;
    const note = h("p", { class: "note" }, t(quality.better === "lower" ? "tradeoffNoteLower" : "tradeoffNote"));
    const choose = h("select", { id: "quality", onchange: (event) => {
      quality = qualities.find((item) => item.name === event.target.value) ?? quality;
      note.textContent = t(quality.better === "lower" ? "tradeoffNoteLower" : "tradeoffNote");
      drawCharts();
    } }, qualities.map((item) => h("option", { value: item.name, selected: item === quality }, label(item))));
    return section("tradeoff", t("tradeoff"), null, h("div", { class: "with-choice" }, note, h("label", { class: "field" }, h("span", {}, t("quality")), choose)), h("div", { id: "tradeoff-chart" }));
  };

  // --- differences -------------------------------------------------------------------------------------------------

  /** Words, spaces and signs; Japanese by the character. */
  const tokensOf = (words) => words.match(/[\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f]|(?:(?![\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f])[\p{L}\p{N}\p{M}_'’])+|\s+|[^\s]/gu) ?? [];
  const CELLS = 1500000; // of the table; a longer pair of answers is compared by its words as a set

  /** For each token of `own` whether it has its like in `other`, in order: the longest common subsequence. */
  const common = (own, other) => {
    const same = (a, b) => a === b || a.toLowerCase() === b.toLowerCase();
    const kept = new Uint8Array(own.length);
    let start = 0, end = own.length, otherEnd = other.length;
    while (start < end && start < otherEnd && same(own[start], other[start])) kept[start++] = 1;
    while (end > start && otherEnd > start && same(own[end - 1], other[otherEnd - 1])) { kept[--end] = 1; otherEnd -= 1; }
    const rows = end - start, columns = otherEnd - start;
    if (rows && columns && rows * columns > CELLS) {
      const there = new Set(other.map((token) => token.toLowerCase()));
      for (let i = start; i < end; i += 1) kept[i] = there.has(own[i].toLowerCase()) ? 1 : 0;
    } else if (rows && columns) {
      const table = new Uint16Array((rows + 1) * (columns + 1)), wide = columns + 1;
      for (let i = rows - 1; i >= 0; i -= 1) for (let j = columns - 1; j >= 0; j -= 1) {
        table[i * wide + j] = same(own[start + i], other[start + j]) ? table[(i + 1) * wide + j + 1] + 1 : Math.max(table[(i + 1) * wide + j], table[i * wide + j + 1]);
      }
      for (let i = 0, j = 0; i < rows && j < columns;) {
        if (same(own[start + i], other[start + j])) { kept[start + i] = 1; i += 1; j += 1; }
        else if (table[(i + 1) * wide + j] >= table[i * wide + j + 1]) i += 1;
        else j += 1;
      }
    }
    return kept;
  };
  /** The stretches of `own` that `others` don't have, as [start, end]; null where next to nothing is common: marks
      all over a text say less than that it is another. */
  const differences = (own, others) => {
    const tokens = tokensOf(own), marked = tokens.map(() => true);
    const letters = (parts, is = () => true) => parts.reduce((sum, token, index) => sum + (is(index) && /[\p{L}\p{N}]/u.test(token) ? token.length : 0), 0);
    const size = letters(tokens);
    let alike = false;
    for (const other of others) {
      const parts = tokensOf(other), kept = common(tokens, parts), both = letters(tokens, (index) => kept[index]), otherSize = letters(parts);
      // A quarter of the longer, or nearly all of the shorter.
      if (!both || (both < 0.25 * Math.max(size, otherSize) && both < 0.8 * Math.min(size, otherSize))) continue;
      alike = true;
      kept.forEach((is, index) => { if (is) marked[index] = false; });
    }
    if (!alike) return null;
    // One character or a space alone between two marks reads worse than one mark.
    const weak = (token) => /^\s+$/.test(token) || (JAPANESE.test(token) && token.length === 1);
    for (let i = 1; i + 1 < tokens.length; i += 1) if (!marked[i] && marked[i - 1] && marked[i + 1] && weak(tokens[i])) marked[i] = true;
    const found = [];
    let at = 0;
    tokens.forEach((token, index) => {
      const last = found[found.length - 1];
      if (marked[index]) { if (last && last[1] === at) last[1] += token.length; else found.push([at, at + token.length]); }
      at += token.length;
    });
    return found.map(([start, end]) => {
      const piece = own.slice(start, end);
      return [start + piece.length - piece.trimStart().length, end - (piece.length - piece.trimEnd().length)];
    }).filter(([start, end]) => end > start);
  };

  const find = (words, part) => {
    const start = part ? words.indexOf(part) : -1;
    return start < 0 ? null : [start, start + part.length];
  };
  const findGold = (words, golds) => {
    const low = words.toLowerCase();
    if (low.length !== words.length) return null;
    for (const gold of [...golds].sort((a, b) => b.length - a.length)) {
      const wanted = gold.trim().toLowerCase();
      for (let start = wanted ? low.indexOf(wanted) : -1; start >= 0; start = low.indexOf(wanted, start + 1)) {
        const inside = (sign_, edge) => /[\p{L}\p{N}]/u.test(sign_ ?? "") && /[\p{L}\p{N}]/u.test(edge) && !JAPANESE.test(edge);
        if (!inside(words[start - 1], wanted[0]) && !inside(words[start + wanted.length], wanted[wanted.length - 1])) return [start, start + wanted.length];
      }
    }
    return null;
  };

  // --- questions ---------------------------------------------------------------------------------------------------

  let reference = variants.length > 1 ? 0 : -1;
  const badge = (result) => {
    const kind = outcome(result);
    const words = kind === "refused" ? t(result.right === true ? "refusedRight" : result.right === false ? "refusedWrong" : "refusedMark") : t(`${kind}Mark`);
    const doubt = kind === "refused" && result.right !== null && result.right !== undefined ? (result.right ? " right-too" : " wrong-too") : "";
    return h("span", { class: `badge ${kind}${doubt}` }, icon(kind), words);
  };

  /** The answer with its marks: differing words, the expected answer, sentences without a source, numbers of sources. */
  const annotated = (row, result, show) => {
    const words = result.answer;
    const ranges = [];
    let other = false;
    const others = row.results.filter((one) => one !== result && !one.error);
    if (reference >= 0 && others.length) {
      const base = row.results.find((one) => one.at && one.at.index === reference && !one.error);
      const against = base === result ? others : base ? [base] : [];
      const different = against.length && words ? differences(words, against.map((one) => one.answer)) : [];
      if (different) for (const range of different) ranges.push([...range, "diff"]);
      else if (base !== result && base.answer) other = true;
    }
    const gold = findGold(words, row.answers);
    if (gold) ranges.push([...gold, "gold"]);
    const ends = new Map();
    for (const sentence of list(result.unsupported)) {
      const range = find(words, String(sentence).trim());
      if (range) { ranges.push([...range, "unsupported"]); ends.set(range[1], [...(ends.get(range[1]) ?? []), h("span", { class: "no-source" }, t("noSource"))]); }
    }
    const loose = [], seen = new Set();
    for (const citation of list(result.citations)) {
      if (!isNumber(citation.n)) continue;
      const range = find(words, String(citation.sentence ?? "").trim());
      const key = `${citation.n} ${range ? range[1] : ""}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const mark = h("button", { type: "button", class: "cite", "aria-label": t("goTo", { n: citation.n }), onclick: () => show(citation.n) }, String(citation.n));
      if (range) ends.set(range[1], [...(ends.get(range[1]) ?? []), mark]);
      else loose.push(mark);
    }
    const cuts = [...new Set([0, words.length, ...ends.keys(), ...ranges.flatMap(([start, end]) => [start, end])])].sort((a, b) => a - b);
    const pieces = [];
    for (let i = 0; i + 1 < cuts.length; i += 1) {
      const [start, end] = [cuts[i], cuts[i + 1]], part = words.slice(start, end);
      const kinds = ranges.filter(([from, to]) => from <= start && to >= end).map(([, , kind]) => kind);
      pieces.push(kinds.length ? h(kinds.includes("diff") ? "mark" : "span", { class: kinds.join(" ") }, part) : part);
      pieces.push(...(ends.get(end) ?? []));
    }
    return { pieces, loose, other };
  };

  const unfolded = (kind, words, aside, make) => {
    const details = h("details", { class: kind }, h("summary", {}, h("span", {}, words), aside ? h("span", { class: "aside" }, aside) : null));
    details.addEventListener("toggle", () => { if (details.open && details.childElementCount === 1) details.append(make()); });
    return details;
  };
  const place = (item) => [h("bdi", { class: "path" }, String(item.path ?? "?")), isNumber(item.page) ? h("span", {}, t("page", { n: item.page })) : null];
  const sources = (result) => {
    const evidence = list(result.evidence), citations = list(result.citations);
    const count = Math.max(evidence.length, ...citations.map((item) => (isNumber(item.n) ? item.n : 0)));
    return h("ol", { class: "sources" }, Array.from({ length: count }, (_, index) => {
      const cites = citations.filter((item) => item.n === index + 1), item = evidence[index] ?? cites[0];
      if (!item) return null;
      const quotes = [...new Set([item, ...cites].map((one) => String(one.quote ?? "")).filter(Boolean))];
      return h("li", { "data-n": index + 1, tabindex: "-1", "aria-label": t("source", { n: index + 1 }), class: cites.length ? "is-cited" : null },
        h("p", { class: "place" }, h("span", { class: "n", "aria-hidden": "true" }, String(index + 1)), place(item),
          h("span", { class: "aside" }, [isNumber(item.score) ? t("score", { n: number(item.score, 2) }) : null, isNumber(item.start) && isNumber(item.end) ? t("characters", { start: number(item.start), end: number(item.end) }) : null].filter(Boolean).join(" · "))),
        quotes.map((quote) => h("blockquote", { lang: languageOf(quote) }, quote)),
        cites.map((cite) => (cite.sentence ? h("p", { class: "carries" }, h("span", { class: cite.verified ? "checked" : "unchecked" }, icon(cite.verified ? "right" : "unscored"), t(cite.verified ? "checked" : "unchecked")), ` ${t("carries")}: `, h("q", { lang: languageOf(String(cite.sentence)) }, String(cite.sentence))) : null)));
    }));
  };
  const figures = (result) => {
    const usage = dict(result.usage), scores = dict(result.scores);
    const known = new Set(metrics.map((metric) => metric.name));
    const rows = [
      ...metrics.filter((metric) => isNumber(scores[metric.name]) && metric.unit !== "ms" && !(metric.name in usage)).map((metric) => [label(metric), format(scores[metric.name], metric.unit).replace(/^(0|100)[.,]0%$/, "$1%")]),
      ...Object.entries(scores).filter(([name, value]) => isNumber(value) && !known.has(name)).map(([name, value]) => [name, number(value, 2)]),
      ...Object.entries(dict(result.timings_ms)).filter(([, value]) => isNumber(value)).map(([stage, value]) => [stageName(stage), duration(value)]),
      ...[["tokensIn", usage.prompt_tokens], ["tokensReused", usage.cached_tokens], ["tokensOut", usage.completion_tokens]].filter(([, value]) => isNumber(value)).map(([key, value]) => [t(key), number(value)]),
    ];
    return rows.length ? () => h("dl", { class: "figures" }, rows.map(([term, value]) => h("div", {}, h("dt", {}, term), h("dd", {}, value)))) : null;
  };

  /** The nuggets of a question, each with where it was found: in the answer, else in what the model read, else nowhere. */
  const nuggetList = (nuggets) => h("ul", { class: "nuggets" }, nuggets.map((item) => h("li", {},
    h("span", { class: item.in_answer ? "checked" : "unchecked" }, icon(item.in_answer ? "right" : "unscored"),
      t(item.in_answer ? "inAnswer" : typeof item.in_context !== "boolean" ? "notInAnswer" : item.in_context ? "inContext" : "inNeither")), " ",
    h("span", { lang: languageOf(String(item.fact ?? "")) }, String(item.fact ?? "")), item.vital ? [" ", h("span", { class: "tag" }, t("vital"))] : null)));

  const resultColumn = (row, result) => {
    const variant = result.at ?? { index: 0, name: String(result.variant ?? "?") };
    const scores = dict(result.scores), usage = dict(result.usage), total = dict(result.timings_ms).total;
    const f1 = metrics.find((metric) => plainName(metric.name) === "f1");
    const scored = [f1 && isNumber(scores[f1.name]) ? `${label(f1)} ${format(scores[f1.name], f1.unit)}` : null, isNumber(total) ? duration(total) : null,
      isNumber(usage.completion_tokens) && usage.completion_tokens ? t("tokens", { n: number(usage.completion_tokens) }) : null].filter(Boolean);
    const facts = h("p", { class: "result-facts" }, scored.join(" · "));
    const column = h("div", { class: `result ${outcome(result)}`, role: "group", "aria-label": variant.name });
    const sourceCount = Math.max(list(result.evidence).length, list(result.citations).length);
    const cited = new Set(list(result.citations).map((item) => item.n)).size;
    const folded = sourceCount ? unfolded("fold source-list", `${t("sources")} ${number(sourceCount)}`, cited ? t("cited", { n: cited }) : null, () => sources(result)) : null;
    const show = (n) => {
      if (!folded) return;
      folded.open = true;
      requestAnimationFrame(() => setTimeout(() => { const target = folded.querySelector(`[data-n="${Number(n)}"]`); if (target) { target.scrollIntoView({ block: "nearest" }); target.focus({ preventScroll: true }); } }));
    };
    const { pieces, loose, other } = annotated(row, result, show);
    const translation = result.translation ? String(result.translation) : "", reasoning = String(result.reasoning ?? "");
    const counted = figures(result), nuggets = list(result.nuggets);
    column.append(...[
      h("div", { class: "result-head" }, nameOf(variant), badge(result)),
      result.error ? h("p", { class: "error-text" }, String(result.error)) : null,
      result.answer ? h("div", { class: "answer", lang: languageOf(result.answer, row.language) }, pieces, loose) : result.error ? null : h("p", { class: "answer none" }, t("noAnswer")),
      translation ? h("div", { class: "translation" }, h("p", { class: "about" }, t("translation")), h("div", { class: "answer", lang: languageOf(translation, row.language) }, translation)) : null,
      other ? h("p", { class: "other" }, h("mark", { class: "diff" }, t("wholly", { name: variants[reference].name }))) : null,
      scored.length ? facts : null,
      folded,
      reasoning ? unfolded("fold", t("reasoning"), null, () => h("div", { class: "reasoning", lang: languageOf(reasoning) }, reasoning)) : null,
      nuggets.length ? unfolded("fold", t("nuggets"), t("nuggetsFound", { n: number(nuggets.filter((item) => item.in_answer).length), all: number(nuggets.length) }), () => nuggetList(nuggets)) : null,
      counted ? unfolded("fold", t("figures"), null, counted) : null,
    ].filter(Boolean));
    return column;
  };

  const questionCard = (row, index) => {
    const tags = [row.differs && variants.length > 1 ? h("span", { class: "tag differs" }, t("oneDiffers")) : null, row.unanswerable ? h("span", { class: "tag" }, t("unanswerable")) : null];
    const golds = row.answers.map((answer, n) => [n ? t("or") : null, h("span", { lang: languageOf(answer, row.language) }, answer)]);
    return h("article", { class: "question", id: `question-${index}`, tabindex: "-1", "aria-labelledby": `question-${index}-title`, "data-index": index },
      h("div", { class: "asked" },
        h("p", { class: "id" }, h("bdi", {}, String(row.id ?? row.place + 1)), tags),
        h("h3", { id: `question-${index}-title`, lang: languageOf(row.question, row.language) }, row.question || "–"),
        row.unanswerable && !golds.length ? h("p", { class: "gold-line" }, t("expectedNone")) : golds.length ? h("p", { class: "gold-line" }, h("span", { class: "about" }, t("expected")), " ", golds) : null),
      h("div", { class: "results" }));
  };

  const filled = new Set();
  const fillCard = (index) => {
    const card = document.getElementById(`question-${index}`);
    if (!card || filled.has(index)) return;
    filled.add(index);
    const results = questions[index].results;
    card.querySelector(".results").replaceChildren(...results.map((result) => resultColumn(questions[index], result)));
  };
  let watcher = null, idle = 0;
  const later = window.requestIdleCallback ?? ((work) => setTimeout(() => work({ timeRemaining: () => 8 }), 30));
  /** Fill cards when they come near; the rest when nothing else is to do, so that the browser's own search finds them. */
  const fillCards = () => {
    filled.clear();
    if (watcher) watcher.disconnect();
    watcher = new IntersectionObserver((entries) => {
      for (const entry of entries) if (entry.isIntersecting) { fillCard(Number(entry.target.dataset.index)); watcher.unobserve(entry.target); }
    }, { rootMargin: "900px 0px" });
    for (const card of document.querySelectorAll(".question")) watcher.observe(card);
    const run = (idle += 1);
    let next = 0;
    const work = (deadline) => {
      if (run !== idle) return;
      do fillCard(next++); while (next < questions.length && deadline.timeRemaining() > 4);
      if (next < questions.length) later(work);
    };
    if (questions.length) later(work);
  };
  const fillAll = () => questions.forEach((_, index) => fillCard(index));

  const plain = (words) => words.normalize("NFKC").toLowerCase();
  const haystack = (row) => (row.hay ??= plain([row.id, row.question, ...row.answers, ...row.results.flatMap((result) => [result.answer, result.translation, result.error, ...list(result.citations).map((item) => item.path)])].filter(Boolean).join("\n")));
  const state = { filters: new Set(), query: "", variant: -1, language: "" };
  const FILTERS = {
    differs: (row) => Boolean(row.differs),
    someWrong: (row, results) => results.some((result) => result.right === false),
    someRefused: (row, results) => results.some((result) => result.refused),
    unanswerable: (row) => Boolean(row.unanswerable),
    someError: (row, results) => results.some((result) => result.error),
  };
  const fits = (row, filters) => {
    const results = state.variant < 0 ? row.results : row.results.filter((result) => result.at && result.at.index === state.variant);
    return [...filters].every((name) => FILTERS[name](row, results));
  };
  const fitsAll = (row) => fits(row, state.filters) && (!state.language || row.language === state.language) && state.query.split(/\s+/).every((word) => !word || haystack(row).includes(word));
  let visible = [];
  const applyFilters = () => {
    visible = [];
    questions.forEach((row, index) => {
      const is = fitsAll(row);
      const card = document.getElementById(`question-${index}`);
      if (card && card.hidden === is) card.hidden = !is;
      if (is) visible.push(index);
    });
    document.getElementById("status").textContent = visible.length === questions.length ? t("allShown", { all: number(questions.length) }) : t("shown", { n: number(visible.length), all: number(questions.length) });
    document.getElementById("none").hidden = visible.length > 0;
    for (const chip of document.querySelectorAll(".chip")) {
      chip.setAttribute("aria-pressed", String(chip.dataset.filter ? state.filters.has(chip.dataset.filter) : !state.filters.size));
      if (chip.dataset.filter) chip.querySelector(".count").textContent = number(questions.filter((row) => fits(row, [chip.dataset.filter])).length);
    }
  };
  const clearFilters = () => {
    Object.assign(state, { query: "", variant: -1, language: "" });
    state.filters.clear();
    document.getElementById("search").value = "";
    for (const id of ["by-variant", "by-language"]) { const choice = document.getElementById(id); if (choice) choice.selectedIndex = 0; }
    applyFilters();
  };

  const toolbar = () => {
    const several = variants.length > 1;
    const offered = Object.keys(FILTERS).filter((name) => state.filters.has(name) || (name === "differs" && !several ? false : questions.some((row) => FILTERS[name](row, row.results))));
    const languages = [...new Set(questions.map((row) => row.language).filter(Boolean))].sort();
    const option = (value, words, current) => h("option", { value, selected: value === current }, words);
    const field = (words, control) => h("label", { class: "field" }, h("span", {}, words), control);
    const chip = (name, words) => h("button", { type: "button", class: "chip", "data-filter": name, onclick: () => {
      if (!name) state.filters.clear();
      else if (!state.filters.delete(name)) state.filters.add(name);
      applyFilters();
    } }, words, name ? h("span", { class: "count" }) : null);
    return h("div", { class: "toolbar", role: "search", "aria-label": t("search") },
      h("div", { class: "line" },
        h("input", { id: "search", type: "search", placeholder: t("search"), "aria-label": t("search"), "aria-keyshortcuts": "/", autocomplete: "off", spellcheck: "false", value: state.query, oninput: (event) => { state.query = plain(event.target.value); applyFilters(); } }),
        h("span", { id: "status", role: "status" })),
      h("div", { class: "line chips", role: "group", "aria-label": t("filters") }, chip("", t("all")), offered.map((name) => chip(name, t(name)))),
      h("div", { class: "line fields" },
        several ? field(t("inVariant"), h("select", { id: "by-variant", onchange: (event) => { state.variant = Number(event.target.value); applyFilters(); } }, option(-1, t("anyVariant"), state.variant), variants.map((variant) => option(variant.index, variant.name, state.variant)))) : null,
        languages.length > 1 ? field(t("ofLanguage"), h("select", { id: "by-language", onchange: (event) => { state.language = event.target.value; applyFilters(); } }, option("", t("anyLanguage"), state.language), languages.map((code) => option(code, WORDS[language].languages[code] ?? code, state.language)))) : null,
        several ? field(t("compareTo"), h("select", { id: "reference", onchange: (event) => { reference = Number(event.target.value); fillCards(); } }, variants.map((variant) => option(variant.index, variant.name, reference)), option(-1, t("nothing"), reference))) : null,
        h("p", { class: "keys", "aria-hidden": "true" }, t("keys"), [["j", "keyNext"], ["k", "keyPrevious"], ["o", "keySources"], ["/", "keySearch"]].map(([key, words]) => [" ", h("kbd", {}, key), ` ${t(words)}`]))));
  };
  const legend = () => h("p", { class: "legend" }, h("span", { class: "only-read" }, `${t("legend")}: `),
    variants.length > 1 ? h("span", {}, h("mark", { class: "diff" }, t("legendDiff"))) : null,
    h("span", {}, h("span", { class: "unsupported" }, t("legendUnsupported"))), h("span", {}, h("span", { class: "gold" }, t("legendGold"))));

  const questionSection = () => section("questions", t("questions"), null,
    questions.length ? [toolbar(), legend(), h("div", { id: "none", class: "empty", hidden: true }, h("p", {}, t("none")), h("button", { type: "button", class: "plain", onclick: clearFilters }, t("clear"))), h("div", { class: "list" }, questions.map(questionCard))]
      : h("p", { class: "empty" }, t("noQuestions")));

  // --- keys and switches -------------------------------------------------------------------------------------------

  const root = document.getElementById("report");
  const remember = (key, value) => { try { localStorage.setItem(`bunko-report-${key}`, value); } catch { /* a file may not be allowed to */ } };
  const remembered = (key) => { try { return localStorage.getItem(`bunko-report-${key}`); } catch { return null; } };
  let theme = ["light", "dark"].includes(remembered("theme")) ? remembered("theme") : "auto";
  const applyTheme = () => { if (theme === "auto") delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = theme; };
  const again = (button) => document.querySelector(`.switches [data-choice="${button}"]`)?.focus({ preventScroll: true });
  function chooseTheme(value) {
    theme = value;
    remember("theme", value);
    applyTheme();
    document.querySelector(".switches").replaceWith(switches());
    again(value);
  }
  function chooseLanguage(value) {
    language = value;
    remember("language", value);
    draw();
    again(value);
  }

  const draw = () => {
    document.documentElement.lang = language;
    const sections = [summary(), pairCards(), timeSection(), stageSection(), tradeoffSection(), questionSection()].filter(Boolean);
    const contents = h("nav", { class: "contents", "aria-label": t("contents") }, sections.map((part) => h("a", { href: `#${part.id}` }, part.querySelector("h2").textContent)));
    const top = header();
    top.append(contents);
    root.replaceChildren(h("a", { class: "skip", href: "#questions" }, t("skip")), top, h("main", {}, variantCards(), sections), h("footer", {}, t("madeBy")));
    drawCharts();
    if (questions.length) { applyFilters(); fillCards(); }
  };

  const step = (by) => {
    if (!visible.length) return;
    const current = document.activeElement?.closest?.(".question");
    let at = current ? visible.indexOf(Number(current.dataset.index)) + by : -1;
    if (!current) {
      at = visible.findIndex((index) => document.getElementById(`question-${index}`).getBoundingClientRect().bottom > 200);
      if (by < 0) at -= 1;
    }
    const index = visible[Math.max(0, Math.min(visible.length - 1, at))];
    fillCard(index);
    const card = document.getElementById(`question-${index}`);
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: "start" });
  };
  document.addEventListener("keydown", (event) => {
    const inField = event.target.closest?.("input, select, textarea");
    const search = document.getElementById("search");
    if (event.key === "Escape" && event.target === search && search) {
      if (search.value) { search.value = ""; state.query = ""; applyFilters(); } else search.blur();
      return;
    }
    if (inField || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "/" && search) search.focus();
    else if (event.key === "o") {
      const folds = [...(document.activeElement?.closest?.(".question")?.querySelectorAll(".source-list") ?? [])];
      const open = !folds.every((fold) => fold.open);
      for (const fold of folds) fold.open = open;
      if (!folds.length) return;
    } else return;
    event.preventDefault();
  });
  addEventListener("beforeprint", fillAll);
  let width = innerWidth, waiting = 0;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(drawCharts, 120);
  });

  const asked = remembered("language") ?? (navigator.languages ?? [navigator.language]).find((code) => /^(en|ja)\b/i.test(code ?? "")) ?? "en";
  language = /^ja/i.test(asked) ? "ja" : "en";
  applyTheme();
  draw();
})();

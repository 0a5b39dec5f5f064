// 画面の日本語の文言。鍵は strings.en.js と同じ。
export default {
  // everywhere
  skip: "本文へ移動", views: "画面", ask: "質問", documents: "文書", history: "履歴", help: "使い方", settings: "設定",
  library: "文庫", close: "閉じる", cancel: "やめる", tryAgain: "もう一度試す", loading: "読み込んでいます…", comma: "、", colon: "：",
  ms: "{n} ミリ秒", seconds: "{n} 秒", bytes: "{n} バイト", kilobytes: "{n} kB", megabytes: "{n} MB", page: "{page} ページ",
  toLight: "明るい配色にする", toDark: "暗い配色にする", connectionLost: "サーバーに接続できません。再接続しています…", connectionBack: "サーバーに再び接続しました。",
  // asking
  question: "質問", placeholder: "文書に質問する…", placeholderAlone: "モデルに質問する…", placeholderFollow: "続けて質問する…",
  send: "質問する", stop: "停止", enterHint: "Enter で質問", escHint: "Esc で停止", newConversation: "新しい会話", compareWith: "比較", compareNothing: "比較しない",
  exportMarkdown: "Markdown で保存", withDocuments: "文書あり", withoutDocuments: "文書なし", conversation: "会話", asking: "質問しています。",
  welcome: "何をお調べしますか。", welcomeLibrary: "「{title}」の文書 {n} 件から答えます。根拠となった原文をそのまま確かめられます。",
  welcomeIndexing: "「{title}」を読み込んでいます。読み終えた分は、いまでも質問できます。", welcomeEmpty: "まだ文書がありません。この画面にファイルをドロップすると追加できます。",
  welcomeAlone: "文書を使わず、モデルだけで答えます。内容の確認は行われません。", suggestion1: "どんな文書がありますか。", suggestion2: "すべての文書を要約してください。",
  searchedFor: "質問の解釈：", askAlone: "この質問だけで聞き直す", waiting: "順番を待っています…", queued: "前に {n} 件の質問があります…", searching: "文書を探しています…", thinkingAlone: "モデルが質問を読んでいます…",
  reading: "{n} 件の引用を読んでいます…", thinking: "考えています…", writing: "書いています…", stopped: "停止しました。",
  // answers
  answer: "回答", answers: "回答", reasoning: "考えた過程", noSource: "出典なし", unverified: "出典では確認できません", sources: "出典", found: "見つかった記述",
  citeLabel: "出典 {n}：{path}", citeLabelPage: "出典 {n}：{path}、{page} ページ", openSource: "出典 {n} を開く：{path}", openSourcePage: "出典 {n} を開く：{path}、{page} ページ", showAll: "{n} 件すべて表示",
  givesOrders: "アシスタントへの指示が書かれています", nearest: "近い記述", nearestHint: "質問と言葉や意味は近いものの、答えにはならないようです。", translation: "別の言語で", incomplete: "不完全", notes: "お知らせ",
  remembered: "{date} に同じ質問に答えたものです。", askAnew: "改めて答える", took: "所要時間 {time}", fromDocuments: "{n} 件中 {read} 件の文書から", tokens: "{n} トークン", copy: "コピー", copied: "コピーしました", notCopied: "コピーできません",
  announceEvidence: "{n} 件の記述が見つかりました。", announceAnswer: "回答：", announceRefused: "回答できませんでした：", announceSource: "出典を開きました：{path} {page}",
  // times
  timesCaption: "時間の内訳", stage: "段階", time: "時間", share: "割合", stage_total: "合計", stage_other: "その他",
  stage_open: "索引を開く", stage_recall: "以前の回答を探す", stage_sync: "同期", stage_load: "モデルの読み込み", stage_rewrite: "質問の書き換え", stage_embed: "質問の埋め込み", stage_retrieve: "検索", stage_select: "引用の選択",
  stage_prompt: "プロンプトの作成", stage_read: "プロンプトの読解", stage_reason: "思考", stage_write: "執筆", stage_ground: "根拠の照合", stage_translate: "翻訳", stage_scan: "全文書の確認", stage_map: "各文書の読解", stage_reduce: "取りまとめ", stage_queue: "順番待ち",
  // sources
  sourceText: "文書の本文", sourceOf: "出典：{path}", sourceN: "出典 {n}", characters: "{n} 文字", showAs: "表示", asText: "本文", asPage: "紙面", previousCitation: "前の出典", nextCitation: "次の出典", closeSource: "出典を閉じる",
  earlierText: "前の文章", laterText: "続きの文章", markBegins: "引用の始まり", markEnds: "引用の終わり",
  pageAlt: "{path} の {page} ページ", pageAltMarked: "{path} の {page} ページ。引用した言葉に印があります", zoom: "拡大", previousPage: "前のページ", nextPage: "次のページ", pageOf: "{n} ページ中 {page} ページ", notMarked: "紙面の上では言葉を特定できませんでした。本文の表示には印があります。",
  // documents
  searchDocuments: "名前で探す", filter: "表示", kind_all: "すべて", kind_read: "読めたもの", kind_failed: "読めないもの", documentCount: "文書 {n} 件", shownCount: "{n} 件", noneFound: "当てはまる文書はありません。", noDocuments: "まだ文書がありません。", noLibrary: "文庫が選ばれていません。",
  showMore: "さらに表示", pages: "{n} ページ", passages: "{n} 区分", notRead: "読めません",
  dropHere: "この画面のどこにでもファイルをドロップできます。または", dropNow: "ここで離すと文庫に追加します", chooseFiles: "ファイルを選ぶ", uploadLimit: "文庫のフォルダーにコピーされます。1 件 {size} まで。", uploadOff: "このサーバーではファイルを追加できません。", noFolders: "フォルダーは追加できません。中のファイルをドロップしてください。",
  syncNow: "新しい文書を読み込む", willSend: "待機中", sending: "送信中…", sent: "送信済み", sendingFile: "{name} を送信しています", exists: "同じ名前のファイルがすでにあります。", replace: "置き換える",
  syncing: "新しい文書を読み込んでいます…", syncProgress: "{stage}：{total} 件中 {done} 件", synced: "文庫は最新です：", sync_added: "{n} 件追加", sync_updated: "{n} 件更新", sync_removed: "{n} 件削除", sync_same: "新しいものはありませんでした。",
  syncStage_read: "読み取り", syncStage_reading: "読み取り", syncStage_embed: "埋め込み", syncStage_embedding: "埋め込み", syncStage_store: "保存", syncStage_index: "索引の作成", syncStage_indexing: "索引の作成",
  // history
  keepWhere: "会話の保存先", keep_off: "保存しない", keep_off_hint: "この画面を閉じると消えます。", keep_browser: "このブラウザー", keep_browser_hint: "この端末だけに残ります。このブラウザーを使う人は読むことができます。",
  keep_server: "サーバーのディスク", keep_server_hint: "この文庫の索引のそばに置かれ、文庫を開けるどの端末からも読めます。",
  nothingKept: "これからは保存しません。以前に保存したものは、削除するまで残ります。", nothingYet: "保存された会話はまだありません。", deleteOne: "「{title}」を削除", deleteAll: "すべて削除…", deleteAllBrowser: "このブラウザーからすべて削除", deleteAllServer: "この文庫の会話をすべて削除", deleted: "削除しました。", untitled: "会話", offsets: "{start}–{end} 文字目",
  // settings
  set_model: "モデル", set_answerLanguage: "回答の言語", asQuestion: "質問と同じ", set_style: "回答の言葉", style_auto: "モデルに合わせる", style_extractive: "引用のみ", style_free: "モデルの言葉で", styleHint: "「引用のみ」では、出典の言葉をそのまま答えにします。",
  set_length: "長さ", length_usual: "標準", length_short: "短め", length_long: "長め", length_longest: "とても長く", set_strictness: "厳しさ", strictness_usual: "標準", strictness_0: "必ず答える", strictness_low: "緩め", strictness_high: "厳しめ", strictness_1: "疑わしければ答えない", strictnessHint: "質問と文書がどれほど関係していれば答えるか。",
  set_think: "思考", think_auto: "モデルに任せる", think_off: "しない", think_low: "少し", think_high: "じっくり", thinkHint: "答える前に考えるモデルの場合。", set_translation: "翻訳", translation_none: "なし", translation_auto: "英語には日本語、ほかには英語を添える", translationHint: "モデルが両方の言語を知っていれば、各文に訳を添えます。",
  interface: "この画面", set_language: "表示言語", asBrowser: "ブラウザーに合わせる", set_theme: "配色", asSystem: "システムに合わせる", light: "ライト", dark: "ダーク", set_keys: "一文字のショートカットを使う（/、n、d、h、a、?）", settingsKept: "これらの設定はこのブラウザーに記憶されます。",
  // help
  keys: "キー", key_ask: "質問欄へ", key_send: "質問する", key_line: "改行", key_escape: "回答を止める、出典を閉じる", key_arrows: "出典から出典へ", key_new: "新しい会話", key_documents: "文書", key_history: "履歴", key_answers: "回答に戻る", key_help: "この説明",
  signs: "しるし", sign_cite: "この文には出典があります。開くと原文のその箇所を見られます。", sign_unverified: "出典は示されていますが、文の内容を確認できません。", sign_words: "下線の文", sign_unsupported: "この文を裏づける出典はありません。", helpPrivacy: "質問も回答も文書も、この画面を提供しているマシンの外には出ません。ほかからは何も読み込みません。",
  // token
  tokenTitle: "トークンを入力してください", tokenHint: "このサーバーにはトークンが必要です。サーバーの起動時に表示されたアドレスの「#token=」の後にあります。", tokenWrong: "そのトークンは受け付けられませんでした。サーバーの起動時に表示されたアドレスの「#token=」の後にあります。", token: "トークン", tokenGo: "続ける",
  // errors
  error_Error: "うまくいきませんでした。", error_Offline: "サーバーに接続できません。", error_Offline_hint: "サーバーは動いていますか。質問はここに残っています。", error_Cut: "回答の途中で接続が切れました。", error_Busy: "質問が混み合っています。", comeBack: "{n} 秒後にもう一度お試しください。",
  error_Unauthorised: "トークンが受け付けられませんでした。", error_Stopped: "停止しました。", error_Gone: "この会話はもうありません。", error_Storage: "ブラウザーの設定により、保存できません。", error_QuestionError: "この質問はできません。", error_NotIndexed: "文庫はまだ読み込まれていません。", error_LibraryEmpty: "文庫は空です。",
  error_EngineCrashed: "モデルのプロセスが異常終了しました。", error_EngineTimeout: "モデルの応答に時間がかかりすぎました。", error_StoreBusy: "ほかのプログラムがこの文庫に書き込んでいます。", error_ModelTooLarge: "モデルがメモリに収まりません。", error_NotDownloaded: "モデルがこのマシンにありません。",
  // what the server says, in the words of this page
  noteNotHeld: "見つかった記述は質問とあまり関係がありません。設定で「厳しさ」を下げると、それでもモデルが答えます。", noteNoDirectAnswer: "モデルは考えましたが、答えを出しませんでした。思考は設定で切れます。", noteThoughtCut: "モデルは考え終える前に答えました。",
  noteCut: "回答は {n} トークンで打ち切られました。設定で長くできます。", noteLoop: "モデルが同じことを繰り返し始めたため、止めました。", noteTooSmall: "{model} は自分の回答を判定するには小さすぎるため、言葉だけで照合しました。", noteOrders: "{path} にはアシスタントへの指示が書かれているため、モデルには渡しませんでした。", noteOrdersOnly: "{path} にはアシスタントへの指示が書かれています。ほかには何も見つかりませんでした。",
  noteQuoteOnly: "{model} は{language}向けに作られていないため、最も近い引用をそのまま答えとしました。", noteWordsOnly: "{model} は{language}を知らないため、言葉の一致だけで探しました。", noteNoTranslation: "{model} は{language}と{other}の両方を知らないため、翻訳はありません。", noteUnread: "{n} 件のファイルを読めませんでした。文書の一覧に理由があります。",
  failPdfBroken: "PDF が壊れています（{detail}）。", failPassword: "パスワードで保護されています。", failKind: "{kind} は読み取れない種類のファイルです。", failEmpty: "文字が含まれていません。", failPictures: "文字が画像になっているため、OCR が必要です。", failCrashed: "この種類のファイルを読むプログラムが異常終了しました。",
  hintNewPdf: "閲覧ソフトで開き、新しい PDF として印刷してください。", hintIgnore: ".bunkoignore に加えるか、PDF かテキストに変換してください。", hintMeant: "空のままでよければ、何もする必要はありません。", hintSaveAgain: "元のプログラムで開き、保存し直してください。",
  language_English: "英語", language_Japanese: "日本語", language_Chinese: "中国語", language_Korean: "韓国語", language_Russian: "ロシア語", language_Arabic: "アラビア語",
};

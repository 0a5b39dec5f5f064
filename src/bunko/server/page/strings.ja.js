// 画面の日本語テキスト。キーは strings.en.js と同じ。
export default {
  // everywhere
  skip: "本文へ移動", views: "画面", ask: "質問", documents: "文書", history: "履歴", help: "使い方", settings: "設定",
  library: "文庫", close: "閉じる", cancel: "キャンセル", tryAgain: "もう一度試す", loading: "読み込んでいます…", comma: "、", colon: "：",
  ms: "{n} ミリ秒", seconds: "{n} 秒", bytes: "{n} バイト", kilobytes: "{n} kB", megabytes: "{n} MB", page: "{page} ページ",
  toLight: "明るい配色にする", toDark: "暗い配色にする", connectionLost: "サーバーに接続できません。再接続しています…", connectionBack: "サーバーに再び接続しました。",
  // asking
  question: "質問", placeholder: "文書に質問する…", placeholderAlone: "モデルに質問する…", placeholderFollow: "続けて質問する…",
  send: "質問する", stop: "停止", enterHint: "Enter で質問", escHint: "Esc で停止", newConversation: "新しい会話", compareWith: "比較", compareNothing: "比較しない",
  exportMarkdown: "Markdown で保存", withDocuments: "文書あり", withoutDocuments: "文書なし", conversation: "会話", asking: "質問しています。",
  welcome: "何をお調べしますか。", welcomeLibrary: "「{title}」の文書 {n} 件から回答します。回答のもとになった原文をその場で確認できます。",
  welcomeIndexing: "「{title}」を読み込んでいます。読み込みが済んだ文書には、すでに質問できます。", welcomeEmpty: "まだ文書がありません。この画面にファイルをドロップすると追加できます。",
  welcomeAlone: "文書を使わず、モデルだけで回答します。内容は検証されません。", suggestion1: "どんな文書がありますか。", suggestion2: "すべての文書を要約してください。",
  searchedFor: "質問の解釈：", askAlone: "会話を引き継がずに質問", waiting: "順番を待っています…", queued: "前に {n} 件の質問があります…", searching: "文書を検索しています…", thinkingAlone: "モデルが質問を処理しています…",
  reading: "{n} 件のパッセージを読んでいます…", thinking: "考えています…", writing: "回答を生成しています…", stopped: "停止しました。",
  // answers
  answer: "回答", answers: "回答", reasoning: "思考過程", noSource: "出典なし", partNoSource: "一部出典なし", support: "この部分の出典", row: "{n} 行目", sourceTable: "文書の表", answerTable: "回答の表", code: "コード", unverified: "出典には見当たりません", sources: "出典", found: "見つかったパッセージ",
  citeLabel: "出典 {n}：{path}", citeLabelPage: "出典 {n}：{path}、{page} ページ", openSource: "出典 {n} を開く：{path}", openSourcePage: "出典 {n} を開く：{path}、{page} ページ", showAll: "{n} 件すべて表示",
  givesOrders: "アシスタントへの指示が含まれています", nearest: "近いパッセージ", nearestHint: "質問と語句や意味は近いものの、答えにはならないようです。", translation: "別の言語で", incomplete: "一部のみ", notes: "注意",
  remembered: "{date} に作成した回答です。", askAnew: "もう一度回答する", took: "所要時間 {time}", fromDocuments: "{n} 件中 {read} 件の文書から", tokens: "{n} トークン", copy: "コピー", copied: "コピーしました", notCopied: "コピーできません",
  announceEvidence: "{n} 件のパッセージが見つかりました。", announceAnswer: "回答：", announceRefused: "回答できませんでした：", announceSource: "出典を開きました：{path} {page}",
  // times
  timesCaption: "時間の内訳", stage: "処理", time: "時間", share: "割合", stage_total: "合計", stage_other: "その他",
  stage_open: "索引を開く", stage_recall: "保存済みの回答を検索", stage_sync: "同期", stage_load: "モデルの読み込み", stage_rewrite: "質問の書き換え", stage_embed: "質問の埋め込み", stage_retrieve: "検索", stage_search_again: "再検索", stage_select: "引用の選択", stage_mark: "答えの箇所の特定",
  stage_prompt: "プロンプトの作成", stage_read: "プロンプト処理", stage_reason: "思考", stage_write: "生成", stage_ground: "引用の検証", stage_translate: "翻訳", stage_scan: "全文書の走査", stage_map: "各文書の処理", stage_reduce: "統合", stage_queue: "順番待ち",
  // sources
  sourceText: "文書の本文", sourceOf: "出典：{path}", sourceN: "出典 {n}", characters: "{n} 文字", showAs: "表示", asText: "本文", asPage: "ページ表示", previousCitation: "前の出典", nextCitation: "次の出典", closeSource: "出典を閉じる",
  earlierText: "前の文章", laterText: "続きの文章", markBegins: "引用開始", markEnds: "引用終了",
  pageAlt: "{path} の {page} ページ", pageAltMarked: "{path} の {page} ページ。引用箇所を強調表示しています", zoom: "拡大", previousPage: "前のページ", nextPage: "次のページ", pageOf: "{n} ページ中 {page} ページ", notMarked: "ページ上で引用箇所を特定できませんでした。本文では強調表示されています。",
  // documents
  searchDocuments: "名前で検索", filter: "表示", kind_all: "すべて", kind_read: "読み込めたもの", kind_failed: "読み込めなかったもの", documentCount: "文書 {n} 件", shownCount: "{n} 件", noneFound: "該当する文書はありません。", noDocuments: "まだ文書がありません。", noLibrary: "文庫が選択されていません。",
  showMore: "さらに表示", pages: "{n} ページ", passages: "{n} パッセージ", notRead: "読み込めませんでした",
  dropHere: "この画面のどこにでもファイルをドロップできます。または", dropNow: "ここにドロップすると文庫に追加します", chooseFiles: "ファイルを選択", uploadLimit: "文庫のフォルダーにコピーされます。1 件 {size} まで。", uploadOff: "このサーバーではファイルを追加できません。", noFolders: "フォルダーは追加できません。中のファイルをドロップしてください。",
  syncNow: "新しいファイルを確認", willSend: "待機中", sending: "送信中…", sent: "送信済み", sendingFile: "{name} を送信しています", exists: "同じ名前のファイルがすでにあります。", replace: "置き換える",
  syncing: "新しいファイルを確認しています…", syncProgress: "{stage}：{total} 件中 {done} 件", synced: "文庫は最新です：", sync_added: "{n} 件追加", sync_updated: "{n} 件更新", sync_removed: "{n} 件削除", sync_same: "新しいファイルはありませんでした。",
  syncStage_read: "読み取り", syncStage_reading: "読み取り", syncStage_embed: "埋め込み", syncStage_embedding: "埋め込み", syncStage_store: "保存", syncStage_index: "索引の作成", syncStage_indexing: "索引の作成",
  // history
  keepWhere: "会話の保存先", keep_off: "保存しない", keep_off_hint: "この画面を閉じると消えます。", keep_browser: "このブラウザー", keep_browser_hint: "この端末だけに保存されます。このブラウザーを使う人は誰でも読めます。",
  keep_server: "サーバーのディスク", keep_server_hint: "この文庫の索引と同じ場所に保存され、文庫を利用できるすべての端末から読めます。",
  nothingKept: "今後は保存しません。以前の会話は削除するまで残ります。", nothingYet: "保存された会話はまだありません。", deleteOne: "「{title}」を削除", deleteAll: "すべて削除…", deleteAllBrowser: "このブラウザーからすべて削除", deleteAllServer: "この文庫の会話をすべて削除", deleted: "削除しました。", untitled: "会話", offsets: "{start}–{end} 文字目",
  // settings
  set_model: "モデル", set_answerLanguage: "回答の言語", asQuestion: "質問と同じ", set_style: "回答の表現", style_auto: "モデルに合わせる", style_extractive: "引用のみ", style_free: "モデルの言葉で書く", styleHint: "「引用のみ」では、出典の文言をそのまま回答にします。",
  set_length: "長さ", length_usual: "標準", length_short: "短め", length_long: "長め", lengthHint: "20億パラメーター以上のモデルと、サーバー上のモデルに有効です。", set_instructions: "モデルへの指示", instructionsHint: "Bunko自身の指示に加えて、質問のたびにモデルへ伝えます。ごく小さなモデルは従えません。", set_strictness: "厳密さ", strictness_usual: "標準", strictness_0: "必ず回答する", strictness_low: "緩め", strictness_high: "厳しめ", strictness_1: "確信がなければ回答しない", strictnessHint: "回答するために必要な、質問と文書の関連度です。",
  set_think: "思考", think_auto: "モデルに任せる", think_off: "しない", think_low: "少し", think_high: "じっくり", thinkHint: "回答の前に思考するモデルで有効です。", set_translation: "翻訳", translation_none: "なし", translation_auto: "英語には日本語、その他には英語を併記", translationHint: "モデルが両方の言語に対応していれば、各文に訳を付けます。",
  interface: "この画面", set_language: "表示言語", asBrowser: "ブラウザーに合わせる", set_theme: "配色", asSystem: "システムに合わせる", light: "ライト", dark: "ダーク", set_keys: "1 文字のショートカットキーを使う（/、n、d、h、a、?）", settingsKept: "設定はこのブラウザーに保存されます。",
  // help
  keys: "キーボード操作", key_ask: "質問欄へ", key_send: "質問する", key_line: "改行", key_escape: "回答を止める、出典を閉じる", key_arrows: "前後の出典へ移動", key_new: "新しい会話", key_documents: "文書", key_history: "履歴", key_answers: "回答に戻る", key_help: "使い方を表示",
  signs: "表示の意味", sign_cite: "この文の語句が出典の中に見つかりました。開くと引用箇所を確認できます。", sign_unverified: "最も近い出典です。この文の内容は見当たりません。", sign_words: "下線の文", sign_unsupported: "この文の内容は、どの出典にも見当たりません。", helpPrivacy: "質問、回答、文書は、この画面を提供しているマシンの外には送られません。外部のサイトからは何も読み込みません。",
  // token
  tokenTitle: "トークンを入力してください", tokenHint: "このサーバーにはトークンが必要です。サーバーの起動時に表示されたアドレスの「#token=」の後にあります。", tokenWrong: "トークンが正しくありません。サーバーの起動時に表示されたアドレスの「#token=」の後にあります。", token: "トークン", tokenGo: "続ける",
  // errors
  error_Error: "エラーが発生しました。", error_Offline: "サーバーに接続できません。", error_Offline_hint: "サーバーは動いていますか。質問はここに残っています。", error_Cut: "回答の途中で接続が切れました。", error_Busy: "質問が混み合っています。", comeBack: "{n} 秒後にもう一度お試しください。",
  error_Unauthorised: "トークンが正しくありません。", error_Stopped: "停止しました。", error_Gone: "この会話はもうありません。", error_Storage: "ブラウザーの設定により、保存できません。", error_QuestionError: "この質問には回答できません。", error_NotIndexed: "文庫はまだ読み込まれていません。", error_LibraryEmpty: "文庫は空です。", error_FilesLost: "フォルダーのファイルがほとんどなくなっています。索引はそのまま残してあります。",
  error_EngineCrashed: "モデルのプロセスが異常終了しました。", error_EngineTimeout: "モデルの応答に時間がかかりすぎました。", error_StoreBusy: "ほかのプログラムがこの文庫に書き込んでいます。", error_ModelTooLarge: "モデルがメモリに収まりません。", error_NotDownloaded: "モデルがこのマシンにありません。",
  error_EngineStartFailed: "モデルを起動できませんでした。", error_PromptTooLong: "質問と出典が長すぎて、モデルに収まりません。", error_RemoteUnavailable: "モデルのサーバーに接続できません。", error_RemoteBadAnswer: "モデルのサーバーの応答が正しくありません。",
  // what the server says, in the words of this page
  noteNotHeld: "見つかったパッセージは質問との関連が薄いようです。設定で「厳密さ」を下げると、モデルが回答します。", noteNoDirectAnswer: "モデルは思考しましたが、回答を出しませんでした。思考は設定でオフにできます。", noteThoughtCut: "思考が上限に達したため、途中で回答しました。",
  noteCut: "回答は {n} トークンで打ち切られました。設定で長くできます。", noteLoop: "モデルが同じ内容を繰り返したため、停止しました。", noteTooSmall: "{model} は小さすぎて自分の回答を判定できないため、語句の一致だけで検証しました。", noteOrders: "{path} にはアシスタントへの指示が含まれているため、モデルには渡していません。", noteOrdersOnly: "{path} にはアシスタントへの指示が含まれています。ほかには何も見つかりませんでした。",
  noteAcross: "質問は{language}、文書は{other}です。{model} は異なる言語の文章を照合できません。多言語の埋め込みモデルを使うと検索できます。", noteQuotedIn: "質問は{language}ですが、回答は{other}の文書からの引用です。", noteKept: "{model} は小さいモデルのため回答を書き直せません。元の回答の文をそのまま残しました。", noteOneSentence: "回答はすでに一文で、{model} は小さいモデルのため書き直せません。", noteNoTable: "{model} は小さいモデルのため表を作れません。箇条書きで示します。",
  noteTranslated: "回答は {model} による訳です。訳文は照合していません。原文を併記しています。", noteNotTranslated: "{model} は{language}に訳せませんでした。回答は元のままです。", noteSourcesAgain: "前の回答の出典が送られてこなかったため、その質問でもう一度検索しました。", noteModelRefused: "モデルは引用の中に答えを見つけられませんでした。設定で「厳密さ」を下げると、モデルの文を回答として扱います。",
  noteQuoteOnly: "{model} は{language}に対応していないため、最も近い引用をそのまま回答としました。", noteWordsOnly: "{model} は{language}に対応していないため、キーワードの一致だけで検索しました。", noteNoTranslation: "{model} は{language}と{other}の両方には対応していないため、翻訳はありません。", noteUnread: "{n} 件のファイルを読み込めませんでした。理由は文書の一覧で確認できます。", noteTranslationNeedsModel: "翻訳には言語モデルが必要なため、翻訳はありません。",
  noteOnlyReasoned: "モデルは思考しましたが、回答を出しませんでした。最も近い引用をそのまま表示しています。", noteNoAnswer: "モデルが回答を出さなかったため、最も近い引用をそのまま表示しています。", noteNothing: "モデルは回答を出しませんでした。",
  noteNotThere: "モデルの回答 {said} は文書に見当たらないため、最も近い引用をそのまま表示しています。", noteDeclined: "モデルが回答を拒否しました：「{said}」", noteFiltered: "コンテンツフィルターにより、サーバーが回答を打ち切りました。",
  noteTool: "モデルは回答せずにツール（{tool}）を呼び出そうとしました。ここではツールは使えません。", noteNoSystem: "モデルのサーバーがシステムメッセージを受け付けないため（{said}）、その内容を質問の前に置きました。", noteTurns: "モデルのサーバーが同じ役割のメッセージの連続を受け付けないため（{said}）、一つにまとめました。",
  noteFields: "モデルのサーバーが {fields} を受け付けないため（{said}）、これを使わずに質問しました。", noteNoTemplate: "{model} にはチャットテンプレートがありません。ベースモデルか、変換時にテンプレートが失われたファイルです。単純なプロンプトで質問していますが、指示調整済みのモデルのほうがよく回答できます。", noteOtherTemplate: "{model} のチャットテンプレートは別のモデルのもののようです。回答が乱れることがあるため、正しいテンプレートの入ったファイルをお使いください（「bunko models check」で確認できます）。",
  noteModelfile: "ほかに設定がないため、{model} の Modelfile の値を使っています：{list}", noteModelfileUnused: "{model} の Modelfile のうち、次の値は使っていません：{list}", noteModelfileTemplate: "{model} の Modelfile にあるテンプレートではなく、GGUF ファイルのチャットテンプレートを使っています。",
  noteModelfileAdapter: "{model} の Modelfile にあるアダプターを適用しています。",
  failPdfBroken: "PDF が壊れています（{detail}）。", failPassword: "パスワードで保護されています。", failKind: "{kind} 形式のファイルは読み込めません。", failEmpty: "テキストが含まれていません。", failPictures: "文字が画像になっているため、OCR が必要です。", failCrashed: "この形式のファイルを読み込むプログラムが異常終了しました。",
  hintNewPdf: "閲覧ソフトで開き、新しい PDF として印刷してください。", hintIgnore: ".bunkoignore に追加するか、PDF またはテキストに変換してください。", hintMeant: "意図して空にしたファイルなら、対応は不要です。", hintSaveAgain: "元のプログラムで開き、保存し直してください。",
  language_English: "英語", language_Japanese: "日本語", language_Chinese: "中国語", language_Korean: "韓国語", language_Russian: "ロシア語", language_Arabic: "アラビア語",
  // libraries, conversations, files
  libraries: "文庫の管理", newLibrary: "新しい文庫", libraryName: "名前", makeLibrary: "作成", newLibraryHint: "空の文庫を作ります。この画面にファイルをドロップすると、コピーして追加します。", chooseFolder: "このマシンのフォルダーを使う", folderPath: "フォルダー", useFolder: "このフォルダーを使う",
  folderUp: "一つ上のフォルダー", folderHint: "ファイルは元の場所に残ります。索引はその中の隠しフォルダーに保存します。", folderNeedsToken: "このマシンのフォルダーを選ぶには、フォルダーを指定せずに Bunko を起動してください。", libraryMade: "文庫「{title}」を作成しました。", removeTitle: "一覧から外す", removeLibrary: "「{title}」を一覧から外す", removeNow: "外す", removeHint: "ファイルと索引はディスクに残ります。",
  libraryRemoved: "「{title}」を一覧から外しました。", firstLibrary: "マイ文書", welcomeFirst: "文書はどこにありますか。", welcomeFirstHint: "この画面にファイルをドロップするか、文庫を作成してください。", conversations: "会話の一覧", searchConversations: "会話を検索", noConversation: "該当する会話はありません。", pin: "「{title}」を固定",
  unpin: "「{title}」の固定を解除", pinnedNow: "固定しました。", unpinned: "固定を解除しました。", renameOne: "「{title}」の名前を変更", newName: "新しい名前", renamed: "名前を変更しました。", editQuestion: "質問を編集", askAgain: "もう一度質問",
  editHint: "この質問より後の回答は置き換えられます。", saveConversation: "保存", exportHtml: "HTML で保存", share: "共有…", modelAsked: "回答するモデル", onlyThese: "{n} 件の文書だけに質問します。", askAllDocuments: "すべての文書に質問", askThese: "質問する",
  askOnly: "{path} だけに質問", saveOriginal: "{path} の元のファイルを保存", deleteFile: "{path} を削除", deleteNow: "ファイルを削除", deleteSure: "文庫のフォルダーからファイル {path} そのものを削除します。元に戻せません。", deleteSureWhole: "この文書は {path} の一部です。文庫のフォルダーからファイル全体を削除します。元に戻せません。", passwordFor: "ファイルのパスワード", unlock: "開く",
  passwordHint: "サーバーが終了するまで使い、ほかには保存しません。", notReadCount: "{n} 件は読み込めませんでした", toGo: "残り{time}", aboutSeconds: "約 {n} 秒", aboutMinutes: "約 {n} 分", aboutHours: "約 {n} 時間", suggestTopic: "「{heading}」について教えてください。",
};

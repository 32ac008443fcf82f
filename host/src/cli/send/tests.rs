use std::path::{Path, PathBuf};

use async_compression::tokio::write::{GzipEncoder, ZstdEncoder};
use clap::Parser as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use super::*;
use crate::api::testing::Service;

#[derive(clap::Parser)]
struct Command {
    #[command(flatten)]
    args: Args,
}

/// A service that listens, and a folder for files and for how far they are.
struct Setup {
    service: Service,
    url: String,
    folder: tempfile::TempDir,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Setup {
    async fn new() -> Self {
        Self::with(Service::start()).await
    }

    async fn with(service: Service) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let server = tokio::spawn(axum::serve(listener, service.router.clone()).into_future());
        Self { service, url, folder: tempfile::tempdir().expect("a folder"), server }
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).expect("written");
        path
    }

    async fn send_all(&self, files: &[&Path], options: &[&str]) -> anyhow::Result<Vec<Report>> {
        let files = files.iter().map(|file| file.to_str().expect("is text"));
        let args = ["send", "--url", &self.url].into_iter().chain(files).chain(options.iter().copied());
        let args = Command::try_parse_from(args).expect("valid arguments").args;
        all(&args, Some(&self.folder.path().join("state"))).await
    }

    async fn try_send(&self, file: &Path, options: &[&str]) -> anyhow::Result<Report> {
        let report = self.send_all(&[file], options).await?.remove(0);
        match report.error {
            Some(error) => Err(anyhow::anyhow!(error)),
            None => Ok(report),
        }
    }

    async fn send(&self, file: &Path, options: &[&str]) -> Report {
        self.try_send(file, options).await.expect("it is sent")
    }

    fn places(&self) -> usize {
        std::fs::read_dir(self.folder.path().join("state")).map_or(0, Iterator::count)
    }
}

impl Drop for Setup {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lines(count: usize) -> String {
    (0..count).map(|n| format!("{{\"kind\":\"review\",\"text\":\"tea number {n}\"}}\n")).collect()
}

#[tokio::test]
async fn a_file_that_is_sent_twice_is_there_once() {
    let setup = Setup::new().await;
    let file = setup.file("tea.ndjson", lines(1_234));
    let first = setup.send(&file, &["--chunk", "100"]).await;
    assert_eq!((first.accepted, first.rejected), (1_234, 0));
    let again = setup.send(&file, &["--chunk", "100"]).await;
    assert_eq!((again.accepted, again.resumed_at_line), (1_234, None));
    assert_eq!(setup.service.waiting(), 1_234);
    assert_eq!(setup.places(), 0, "what is through leaves nothing behind");
}

#[tokio::test]
async fn what_is_rejected_is_named_by_line_and_the_others_are_accepted() {
    let setup = Setup::new().await;
    let file =
        setup.file("tea.ndjson", lines(7) + "\n{\"kind\":\"reviw\",\"text\":\"x\"}\r\n" + &lines(3) + "nonsense");
    let report = setup.send(&file, &["--json", "--chunk", "4"]).await;
    assert_eq!((report.accepted, report.rejected), (10, 2));
    let found: Vec<_> = report.rejections.iter().map(|rejection| (rejection.line, &*rejection.reason)).collect();
    assert!(found[0].0 == 9 && found[0].1.contains("`kind`"), "{found:?}");
    assert!(found[1].0 == 13 && found[1].1.contains("not JSON"), "{found:?}");
    assert!(found[1].1.ends_with("at column 2"), "the line of the request would be another: {found:?}");
}

#[tokio::test]
async fn a_chunk_of_which_nothing_is_valid_does_not_stop_the_rest() {
    let setup = Setup::new().await;
    let file = setup.file("tea.ndjson", "{}\n{}\n".to_owned() + &lines(2));
    let report = setup.send(&file, &["--chunk", "2", "--json"]).await;
    assert_eq!((report.accepted, report.rejected), (2, 2));
}

#[tokio::test]
async fn json_files_of_any_layout_are_sent() {
    let setup = Setup::new().await;
    let pretty = "\u{feff}[\n  {\n    \"kind\": \"review\",\n    \"text\": \"a\\nb\"\n  },\n  {\"kind\": \"review\"}\n]\n{\"kind\":\"csr_note\",\"text\":\"c\"}";
    let report = setup.send(&setup.file("tea.json", pretty), &["--json"]).await;
    assert_eq!((report.accepted, report.rejected, report.rejections[0].line), (2, 1, 6));
    let error = setup.try_send(setup.folder.path(), &[]).await.expect_err("is refused");
    assert!(format!("{error:#}").contains("it is a folder"), "{error:#}");
    let error = setup.try_send(&setup.file("bad.json", "[{\"kind\":}]"), &[]).await.expect_err("is refused");
    assert!(format!("{error:#}").contains("line 1"), "{error:#}");
}

#[tokio::test]
async fn tables_are_mapped_and_packed_files_expanded() {
    let setup = Setup::new().await;
    let table = "Review Text,Stars\n\"good,\nreally\",5\nbad,nine\nfine,3\n";
    let mut encoder = GzipEncoder::new(Vec::new());
    encoder.write_all(table.as_bytes()).await.expect("packed");
    encoder.shutdown().await.expect("packed");
    let file = setup.file("export.csv.gz", encoder.into_inner());
    let options = ["--kind", "review", "--map", "Review Text:text", "--map", "Stars:rating.value", "--json"];
    let report = setup.send(&file, &options).await;
    assert_eq!((report.accepted, report.rejected, report.rejections[0].line), (2, 1, 4));
    let error = setup.try_send(&file, &["--kind", "review"]).await.expect_err("is refused");
    assert!(format!("{error:#}").contains("--map"), "{error:#}");
    let mut encoder = ZstdEncoder::new(Vec::new());
    encoder.write_all(lines(3).as_bytes()).await.expect("packed");
    encoder.shutdown().await.expect("packed");
    let report = setup.send(&setup.file("tea.ndjson.zst", encoder.into_inner()), &["--json"]).await;
    assert_eq!((report.accepted, report.rejected), (3, 0));
}

#[tokio::test]
async fn a_run_that_was_cut_off_resumes_where_it_was() {
    let setup = Setup::with(Service::with(|config| config.server.max_stream_bytes = 4_000)).await;
    let long = format!("{{\"kind\":\"review\",\"text\":\"{}\"}}\n", "x".repeat(5_000));
    let file = setup.file("tea.ndjson", "{}\n".to_owned() + &lines(19) + &long + &lines(5));
    let error =
        setup.try_send(&file, &["--chunk", "10"]).await.expect_err("the third chunk is too large for this server");
    let said = format!("{error:#}");
    assert!(said.contains("line 21") && said.contains("resume") && said.contains("server.max_stream_bytes"), "{said}");
    assert_eq!((setup.service.waiting(), setup.places()), (19, 1));
    // The operator raises the limit: another server at another address, but the place of the first still counts.
    let Setup { url, folder, .. } = &setup;
    let listener_address = url.trim_start_matches("http://").to_owned();
    setup.server.abort();
    let listener = rebind(&listener_address).await;
    let larger = Service::start();
    let server = tokio::spawn(axum::serve(listener, larger.router.clone()).into_future());
    let report = setup.send(&file, &["--chunk", "10"]).await;
    assert_eq!((report.resumed_at_line, report.accepted), (Some(21), 25), "{}", folder.path().display());
    assert_eq!(larger.waiting(), 6, "the first twenty are not sent again");
    let rejected: Vec<_> = report.rejections.iter().map(|rejection| rejection.line).collect();
    assert_eq!((report.rejected, rejected), (1, vec![1]), "what the first run met is told by the second as well");
    server.abort();
}

/// Binds an address that a server has just given up.
async fn rebind(address: &str) -> TcpListener {
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

#[tokio::test]
async fn a_wrong_key_is_told_and_nothing_is_tried_again() {
    let key = crate::config::Key {
        name: "k".into(),
        hash: crate::api::auth::hash("sk_right"),
        scopes: vec![crate::config::Scope::Ingest],
    };
    let setup = Setup::with(Service::with(|config| config.keys = vec![key])).await;
    let file = setup.file("tea.ndjson", lines(1));
    let error = setup.try_send(&file, &["--key", "sk_wrong"]).await.expect_err("is refused");
    let said = format!("{error:#}");
    assert!(said.contains("401") && !said.contains("sk_wrong"), "{said}");
    assert_eq!(setup.send(&file, &["--key", "sk_right"]).await.accepted, 1);
}

#[tokio::test]
async fn a_file_of_unknown_format_has_to_be_named() {
    let setup = Setup::new().await;
    let file = setup.file("tea.txt", lines(1));
    let error = setup.try_send(&file, &[]).await.expect_err("is refused");
    assert!(format!("{error:#}").contains("--format"), "{error:#}");
    assert_eq!(setup.send(&file, &["--format", "ndjson"]).await.accepted, 1);
}

#[tokio::test]
async fn a_pipe_is_sent_as_standard_input_is() {
    use std::io::Write as _;
    use std::os::fd::AsRawFd as _;

    let setup = Setup::new().await;
    for options in [&["--format", "ndjson"][..], &[]] {
        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        writer.write_all(lines(100).as_bytes()).expect("it fits");
        drop(writer);
        let path = PathBuf::from(format!("/dev/fd/{}", reader.as_raw_fd()));
        assert_eq!(setup.send(&path, options).await.accepted, 100);
    }
    assert_eq!(setup.service.waiting(), 100, "the second pipe has the same feedback");
    assert_eq!(setup.places(), 0);
}

#[tokio::test]
async fn where_the_place_cannot_be_kept_the_file_is_sent_nevertheless() {
    let setup = Setup::new().await;
    // A file stands where the folder would have to be.
    setup.file("state", "");
    let file = setup.file("tea.ndjson", lines(30));
    assert_eq!(setup.send(&file, &["--chunk", "10"]).await.accepted, 30);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_keeps_no_other_from_being_sent_and_reported() {
    let setup = Setup::new().await;
    let bad = setup.file("bad.ndjson", "{}\n".to_owned() + &lines(1));
    let (missing, tea) = (setup.folder.path().join("missing.ndjson"), setup.file("tea.ndjson", lines(3)));
    let broken = setup.file("broken.json", "[{]");
    let reports = setup.send_all(&[&bad, &missing, &broken, &tea], &["--json"]).await.expect("is tried");
    assert_eq!(exit_code(&reports), 2);
    let summary = summary(&reports);
    assert_eq!((&summary["accepted"], &summary["rejected"]), (&4.into(), &1.into()), "{summary:#}");
    assert_eq!(summary["files"][0]["rejections"][0]["line"], 1);
    for (index, name) in [(1, "missing.ndjson"), (2, "broken.json")] {
        let error = summary["files"][index]["error"].as_str().expect("text");
        assert_eq!(error.matches(name).count(), 1, "{error}");
    }
    assert!(summary["files"][3].get("error").is_none(), "{summary:#}");
    assert_eq!(exit_code(&reports[..1]), 1);
    assert_eq!(exit_code(&reports[3..]), 0);
}

#[tokio::test]
async fn where_the_server_does_not_take_it_what_was_met_before_is_reported_and_the_next_file_is_not_tried() {
    let setup = Setup::with(Service::with(|config| config.server.max_stream_bytes = 4_000)).await;
    let long = format!("{{\"kind\":\"review\",\"text\":\"{}\"}}\n", "x".repeat(5_000));
    let large = setup.file("large.ndjson", "{}\n".to_owned() + &lines(1) + &long);
    let tea = setup.file("tea.ndjson", lines(3));
    let reports = setup.send_all(&[&large, &tea], &["--json", "--chunk", "2"]).await.expect("is tried");
    assert_eq!((reports[0].accepted, reports[0].rejected, reports[0].rejections.len()), (1, 1, 1));
    assert!(reports.iter().all(|report| report.error.is_some()), "{reports:?}");
    assert_eq!((exit_code(&reports), setup.service.waiting()), (2, 1));
}

#[tokio::test]
async fn what_was_sent_before_is_told_as_known() {
    let setup = Setup::new().await;
    let file = setup.file("tea.ndjson", lines(3));
    let first = setup.send(&file, &[]).await;
    let again = setup.send(&file, &[]).await;
    assert_eq!((first.accepted, first.repeated, again.accepted, again.repeated), (3, 0, 3, 3));
    assert_eq!(setup.service.waiting(), 3);
}

#[tokio::test]
async fn options_of_tables_are_refused_for_json() {
    let setup = Setup::new().await;
    let file = setup.file("tea.ndjson", lines(1));
    let said = format!("{:#}", setup.try_send(&file, &["--kind", "review"]).await.expect_err("is refused"));
    assert!(said.contains("for tables alone"), "{said}");
}

#[tokio::test]
async fn an_export_of_a_review_site_is_refused_with_a_command_line_that_takes_it() {
    let setup = Setup::new().await;
    let table = "Review Id,Review Created (UTC),Review Stars,It's so,Review Content\n\
                 a1,2026-05-01 08:00:00,1,x,\"Waited 3 weeks, no answer\"\n";
    let file = setup.file("export.csv", table);
    let refused = format!("{:#}", setup.try_send(&file, &[]).await.expect_err("its columns are not known"));
    let maps = refused.lines().filter_map(|line| line.trim().strip_prefix("--map '"));
    let maps: Vec<_> = maps.map(|rest| rest.trim_end_matches([' ', '\\', '\'']).replace("'\\''", "'")).collect();
    let expected = [
        "Review Id:external_id",
        "Review Created (UTC):collected_at",
        "Review Stars:rating",
        "It's so:metadata.it_s_so",
        "Review Content:text",
    ];
    assert_eq!(maps, expected, "{refused}");
    assert!(refused.contains("--kind review"), "{refused}");
    let maps = maps.iter().flat_map(|map| ["--map", map]);
    let options: Vec<_> = ["--kind", "review"].into_iter().chain(maps).collect();
    let report = setup.send(&file, &options).await;
    assert_eq!((report.accepted, report.rejected), (1, 0), "{:?}", report.rejections);
    let of_another = [&options[..], &["--set", "source.type=trustpilot", "--set", "rating.max=10"]].concat();
    let report = setup.send(&file, &of_another).await;
    assert_eq!((report.accepted, report.repeated), (1, 0), "the same identifier of another system is another feedback");
    let part = format!("{:#}", setup.try_send(&file, &options[..options.len() - 2]).await.expect_err("one is missing"));
    assert!(part.contains("--map 'Review Content:text'") && !part.contains("Stars"), "only what is missing: {part}");
}

#[tokio::test]
async fn a_table_of_a_spreadsheet_in_utf_16_with_semicolons_is_taken() {
    let setup = Setup::new().await;
    let table =
        "\u{feff}Datum;Sterne;Kommentar\r\n01.05.2026;5;Schön, sehr schnell\r\n05/02/2026;1;\"Kaputt; schlecht\"\r\n";
    let bytes: Vec<u8> = table.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let maps = ["--map", "Datum:collected_at", "--map", "Sterne:rating", "--map", "Kommentar:text", "--kind", "review"];
    let file = setup.file("export.csv", &bytes);
    let report = setup.send(&file, &maps).await;
    assert_eq!((report.accepted, report.rejected), (1, 1));
    assert!(report.rejections[0].reason.contains("--dates mdy"), "{:?}", report.rejections);
    let report = setup.send(&file, &[&maps[..], &["--dates", "mdy"]].concat()).await;
    assert_eq!((report.accepted, report.rejected), (2, 0), "{:?}", report.rejections);
}

#[tokio::test]
async fn a_table_that_is_not_in_utf_8_is_told_before_any_of_it_is_sent() {
    let setup = Setup::new().await;
    let table = b"kind,text\nreview,plain\nreview,sch\xf6n\n".to_vec();
    // The sign goes on behind what is read at once.
    let long =
        [&b"kind,text\nreview,"[..], &vec![b'x'; (256 << 10) - 18], "ö\nreview,".as_bytes(), b"sch\xf6n\n"].concat();
    for bytes in [table.clone(), long] {
        let file = setup.file("latin.csv", bytes);
        let refused = format!("{:#}", setup.try_send(&file, &[]).await.expect_err("is refused"));
        assert!(refused.contains("line 3") && refused.contains("--charset"), "{refused}");
    }
    assert_eq!(setup.places(), 0, "nothing was begun");
    let file = setup.file("latin.csv", table);
    let report = setup.send(&file, &["--charset", "windows-1252"]).await;
    assert_eq!((report.accepted, report.rejected), (2, 0), "{:?}", report.rejections);
    let marked = setup.file("marked.csv", "\u{feff}kind,text\nreview,schön\n");
    let report = setup.send(&marked, &["--charset", "windows-1252"]).await;
    assert_eq!((report.accepted, report.rejected), (1, 0), "{:?}", report.rejections);
    let mut encoder = GzipEncoder::new(Vec::new());
    encoder.write_all("kind,text\nreview,schön\n".as_bytes()).await.expect("packed");
    encoder.shutdown().await.expect("packed");
    let packed = setup.file("packed.csv.gz", encoder.into_inner());
    assert_eq!(setup.send(&packed, &["--format", "csv"]).await.accepted, 1, "it is not read before");
    let json = setup.file("marked.ndjson", "\u{feff}{\"kind\":\"review\",\"text\":\"schön\"}\n");
    assert_eq!(setup.send(&json, &[]).await.accepted, 1);
}

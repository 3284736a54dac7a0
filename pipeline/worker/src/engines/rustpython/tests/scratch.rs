use super::*;
#[test]
fn scratch() {
    let Ok(path) = std::env::var("TM_SETS") else { return };
    let text = std::fs::read_to_string(&path).unwrap();
    let jobs = text.split('\x01').map(|source| { let mut job = program(source); if std::env::var("TM_COARSE").is_ok() { job.subscription.granularity = tracemill_trace::Granularity::Outcome; } job }).collect();
    let mut out = Vec::new();
    for (_, execution) in run(jobs) {
        out.push(format!("{:?}\x02{}", execution.finished.labels, execution.finished.stdout));
    }
    std::fs::write(format!("{path}.out"), out.join("\x01")).unwrap();
}
